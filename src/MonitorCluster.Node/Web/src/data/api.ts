import type { Labels } from './promql';

// The node's HTTP API (Prometheus' envelope). What comes back is only trusted as far as it is checked here.

export interface Sample {
  metric: Labels;
  value: [number, string];
}
export interface Matrix {
  metric: Labels;
  values: [number, string][];
}
export type QueryResult =
  { resultType: 'vector'; result: Sample[] } | { resultType: 'matrix'; result: Matrix[] } | { resultType: 'scalar' | 'string'; result: [number, string] };

export interface Alert {
  seq: number;
  id: string;
  status: string;
  severity: string;
  kind: string;
  host: string | null;
  metric: string | null;
  labels: Labels | null;
  startsAt: string | null;
  endsAt: string | null;
  value: number | null;
  expected: number | null;
  band: [number, number] | null;
  score: number | null;
  channel: string | null;
  summary: string | null;
  acknowledgedBy?: string | null;
  comment?: string | null;
  // Whether people were told of it.
  notify?: boolean;
  // Of an anomaly: the incident that tells of it.
  incident?: string | null;
  memberCount?: number;
  members?: IncidentMember[];
}

// One series of an incident, most probable cause first.
export interface IncidentMember {
  metric: string | null;
  labels: Labels | null;
  channel: string;
  since: string | null;
  on: boolean;
  score: number | null;
  rank: number | null;
  value: number | null;
  expected: number | null;
  band: [number, number] | null;
  reason: string;
}
export interface Incident extends Alert {
  timeline: Alert[];
}
export interface Verdict {
  metric: string | null;
  labels: Labels | null;
  host: string | null;
  phase: 'learning' | 'usual' | 'unusual' | 'unjudged';
  learningSecondsLeft: number | null;
  since: string | null;
  value: number | null;
  expected: number | null;
  band: [number, number] | null;
  score: number | null;
  signalAt: number | null;
  channel: string;
  muted: boolean;
  incident: string | null;
  reason: string;
}
export interface Mute {
  id: string;
  selector: string;
  until: string;
  by: string;
  comment: string;
  setAt: string;
}

export interface Member {
  name: string;
  incarnation: number | string;
  address: string;
  status: string;
  roles: string[] | string | null;
  build: string | null;
  reason: string | null;
  // As seen by the node that answers; null where it does not know.
  reachable: boolean | null;
  // Samples a second; null when the member did not answer.
  load: number | null;
}
export interface Shard {
  id: number;
  owner: string | null;
  target: string | null;
  epoch: number;
  samplesPerSecond: number | null;
  series: number | null;
  lagSeconds: number | null;
}
export interface Cluster {
  version: number | string;
  // The member that answers.
  node: string;
  members: Member[];
  shards: Shard[];
}

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

const patienceMs = 30_000;

export function get<T>(path: string, query: Record<string, string>, signal?: AbortSignal): Promise<T> {
  const text = new URLSearchParams(query).toString();
  return ask(text ? `${path}?${text}` : path, {}, signal);
}

export function send<T>(method: 'POST' | 'DELETE', path: string, body?: Record<string, string>): Promise<T> {
  return ask(path, body === undefined ? { method } : { method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
}

async function ask<T>(path: string, request: RequestInit, signal?: AbortSignal): Promise<T> {
  const limit = AbortSignal.timeout(patienceMs);
  const response = await fetch(path, {
    ...request,
    headers: { Accept: 'application/json', ...request.headers },
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
  });
  let body: { status?: string; data?: unknown; error?: string } | null = null;
  try {
    body = await response.json();
  } catch {
    // Not JSON: an intermediary's error page or a cut answer. The status below says what is known.
  }

  if (!response.ok || body === null || body.status === 'error') {
    throw new ApiError(body?.error || `${path} answered ${response.status} ${response.statusText}`.trim(), response.status);
  }

  return (body.status === 'success' ? body.data : body) as T;
}

export function queryRange(query: string, start: number, end: number, step: number, signal?: AbortSignal): Promise<QueryResult> {
  return get('/api/v1/query_range', { query, start: String(start), end: String(end), step: String(step), partial: 'true' }, signal);
}

export function queryInstant(query: string, time: number | null, signal?: AbortSignal): Promise<QueryResult> {
  return get('/api/v1/query', time === null ? { query, partial: 'true' } : { query, time: String(time), partial: 'true' }, signal);
}

export function metricNames(signal?: AbortSignal): Promise<string[]> {
  return get('/api/v1/label/__name__/values', { partial: 'true' }, signal);
}

export function findSeries(match: string, limit: number, signal?: AbortSignal): Promise<Labels[]> {
  const end = Math.ceil(Date.now() / 1000);
  return get('/api/v1/series', { 'match[]': match, start: String(end - 3600), end: String(end), limit: String(limit), partial: 'true' }, signal);
}

export function cluster(signal?: AbortSignal): Promise<Cluster> {
  return get('/api/v1/cluster', {}, signal);
}

export async function activeAlerts(): Promise<Alert[]> {
  const data = await get<{ alerts?: { monitorcluster?: Alert }[] }>('/api/v1/alerts', { partial: 'true' });
  return (data.alerts ?? []).flatMap(alert => (alert.monitorcluster ? [alert.monitorcluster] : []));
}

export async function alertLog(after: number, limit: number): Promise<Alert[]> {
  const data = await get<Alert[] | { alerts?: Alert[] }>('/api/v1/alerts/log', { after: String(after), limit: String(limit) });
  return Array.isArray(data) ? data : (data.alerts ?? []);
}

// Unusual series first, then those that learn, then the rest; of all only with `all`.
export function verdicts(query: { match?: string; all?: boolean; limit: number }, signal?: AbortSignal): Promise<Verdict[]> {
  const text: Record<string, string> = { limit: String(query.limit), partial: 'true' };
  if (query.match !== undefined) text['match[]'] = query.match;
  if (query.all) text['all'] = 'true';
  return get('/api/v1/anomalies', text, signal);
}

export function incidents(limit: number, signal?: AbortSignal): Promise<Alert[]> {
  return get('/api/v1/incidents', { limit: String(limit), partial: 'true' }, signal);
}

export function incident(id: string, signal?: AbortSignal): Promise<Incident> {
  return get(`/api/v1/incidents/${encodeURIComponent(id)}`, {}, signal);
}

export function acknowledge(id: string): Promise<unknown> {
  return send('POST', `/api/v1/alerts/${encodeURIComponent(id)}/ack`);
}

export function sayAbout(id: string, verdict: 'expected' | 'real' | 'accept'): Promise<{ series: number }> {
  return send('POST', `/api/v1/incidents/${encodeURIComponent(id)}/feedback`, { verdict });
}

export function mutes(signal?: AbortSignal): Promise<Mute[]> {
  return get('/api/v1/mutes', { partial: 'true' }, signal);
}

export function mute(selector: string, span: string, comment: string): Promise<Mute & { series: number }> {
  return send('POST', '/api/v1/mutes', { selector, for: span, comment });
}

export function unmute(id: string): Promise<{ series: number }> {
  return send('DELETE', `/api/v1/mutes/${encodeURIComponent(id)}`);
}
