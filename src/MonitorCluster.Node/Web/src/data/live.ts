import type { Alert, Cluster } from './api';
import { applyAlert, loadAlerts, newestSequence } from './alerts';
import type { Labels } from './promql';
import { now, Store } from './store';

// The page's one event stream. Every part that wants live points names its expressions here; the stream is opened
// with all of them, and opened anew when they change. It is closed while the page is hidden: a page nobody sees works for nobody.

export interface LiveSeries {
  metric: Labels;
  value: string;
}
export type OnPoint = (t: number, results: readonly LiveSeries[][]) => void;

export interface Connection {
  status: 'connecting' | 'live' | 'broken';
  // When the status began, and when the next try comes (both in seconds of the browser's clock).
  since: number;
  retryAt: number | null;
}

interface Watch {
  expressions: readonly string[];
  onPoint: OnPoint;
}

export const connection = new Store<Connection>({ status: 'connecting', since: now.value, retryAt: null });
export const cluster = new Store<Cluster | null>(null);
export const paused = new Store(false);
// Shards that nobody serves now, and why, in the node's words; empty when every answer is whole.
export const missing = new Store('');
// Counts connections: who shows history loads it again when this grows, so that a break leaves no hole which is not real.
export const session = new Store(0);

// A live stream brings points each second; after this silence it counts as broken even though the socket still stands.
const silenceMs = 6000;
const backoffMs = [1000, 2000, 4000, 8000, 15000];

const watches = new Set<Watch>();
let source: EventSource | null = null;
let opened: readonly string[] = [];
let failures = 0;
let heardMs = Date.now();
let openedMs = 0;
let everLive = false;
let nodeAheadSeconds = 0;
let retryTimer: number | undefined;
let openTimer: number | undefined;

export function watch(expressions: readonly string[], onPoint: OnPoint): () => void {
  const entry = { expressions, onPoint };
  watches.add(entry);
  reopenSoon();
  return () => {
    watches.delete(entry);
    reopenSoon();
  };
}

export function retryNow(): void {
  failures = 0;
  open();
}

// The node's clock as the last event told it: a browser whose clock is wrong still asks for the right window.
export function nodeNow(): number {
  return Date.now() / 1000 + nodeAheadSeconds;
}

function wanted(): string[] {
  return [...new Set([...watches].flatMap(entry => entry.expressions))];
}

// Parts come and go in bursts (a page opens ten charts): wait for the burst to end, and leave a stream alone that already has it all.
function reopenSoon(): void {
  clearTimeout(openTimer);
  openTimer = setTimeout(() => {
    const expressions = wanted();
    if (source === null && retryTimer !== undefined) return;
    if (source === null || expressions.length !== opened.length || expressions.some((text, i) => text !== opened[i])) open();
  }, 60);
}

function open(): void {
  close();
  if (document.hidden) return;
  opened = wanted();
  openedMs = Date.now();
  const query = new URLSearchParams({ topics: 'alerts,cluster,metrics' });
  for (const expression of opened) query.append('match[]', expression);
  if (newestSequence() > 0) query.set('lastEventId', String(newestSequence()));
  const stream = new EventSource(`/api/v1/stream?${query}`);
  source = stream;
  heardMs = Date.now();
  const on = <T>(name: string, handle: (data: T) => void) =>
    stream.addEventListener(name, event => {
      heardMs = Date.now();
      if (stream !== source) return;
      try {
        handle(JSON.parse((event as MessageEvent<string>).data) as T);
      } catch (e) {
        console.error(`Event ${name} was not understood.`, e);
      }
    });

  stream.onopen = () => {
    heardMs = Date.now();
    loadAlerts().catch(() => undefined);
    becomeLive();
  };
  stream.onerror = () => {
    if (stream === source) lost();
  };
  on<{ t: number; results: { match: number; series: LiveSeries[] }[]; warnings?: string[] }>('metrics', deliver);
  on<Cluster>('cluster', state => cluster.set(state));
  for (const name of ['pending', 'firing', 'acknowledged', 'resolved', 'silenced']) on<Alert>(name, applyAlert);
  on('reset', () => void loadAlerts().catch(() => undefined));
}

function becomeLive(): void {
  failures = 0;
  if (connection.value.status !== 'live') {
    connection.set({ status: 'live', since: Date.now() / 1000, retryAt: null });
    if (everLive) session.set(session.value + 1);
    everLive = true;
  }
}

function deliver(event: { t: number; results: { match: number; series: LiveSeries[] }[]; warnings?: string[] }): void {
  missing.set((event.warnings ?? []).join('; '));
  nodeAheadSeconds = event.t - Date.now() / 1000;
  const byExpression = new Map<string, LiveSeries[]>();
  for (const result of event.results) {
    const expression = opened[result.match];
    if (expression !== undefined) byExpression.set(expression, result.series);
  }

  for (const entry of [...watches])
    entry.onPoint(
      event.t,
      entry.expressions.map(text => byExpression.get(text) ?? []),
    );
}

function lost(): void {
  close();
  const wait = (backoffMs[Math.min(failures, backoffMs.length - 1)] ?? 1000) * (0.8 + 0.4 * Math.random());
  failures++;
  const broken = connection.value.status === 'broken';
  connection.set({ status: 'broken', since: broken ? connection.value.since : heardMs / 1000, retryAt: (Date.now() + wait) / 1000 });
  retryTimer = setTimeout(open, wait);
}

function close(): void {
  clearTimeout(retryTimer);
  retryTimer = undefined;
  source?.close();
  source = null;
}

now.subscribe(() => {
  if (source !== null && Date.now() - Math.max(heardMs, openedMs) > silenceMs) lost();
});

document.addEventListener('visibilitychange', () => {
  if (document.hidden) {
    close();
    if (connection.value.status === 'live') connection.set({ status: 'connecting', since: Date.now() / 1000, retryAt: null });
  } else {
    now.set(Date.now() / 1000);
    retryNow();
  }
});
