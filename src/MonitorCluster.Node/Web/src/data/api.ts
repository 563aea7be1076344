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

async function get<T>(path: string, query: Record<string, string>, signal?: AbortSignal): Promise<T> {
  const text = new URLSearchParams(query).toString();
  const limit = AbortSignal.timeout(patienceMs);
  const response = await fetch(text ? `${path}?${text}` : path, {
    headers: { Accept: 'application/json' },
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
