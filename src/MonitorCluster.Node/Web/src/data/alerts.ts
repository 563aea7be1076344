import { activeAlerts, alertLog, type Alert } from './api';
import { Store } from './store';

// All alerts the page knows, by id. Answers and events may cross on the wire: the higher sequence number wins.

export const alerts = new Store<readonly Alert[]>([]);

// Resolved alerts stay for a while, so that somebody who comes back sees what happened.
const keepResolvedSeconds = 3600;
const keepAtMost = 2000;
// How far below the newest active alert the log is read for ones that resolved before the page was opened.
const logWindow = 500;

let lastSeq = 0;
// Sequence numbers of the transitions that people were told of, by alert, as far back as the log was read.
const told = new Map<string, Set<number>>();

export function newestSequence(): number {
  return lastSeq;
}

// When much goes wrong at once, thousands come within a second: they are taken together.
const gatherMs = 50;
let gathered: Alert[] = [];

export function applyAlert(alert: Alert): void {
  if (typeof alert?.seq === 'number') lastSeq = Math.max(lastSeq, alert.seq);
  if (gathered.push(alert) > 1) return;
  setTimeout(() => {
    const fresh = gathered;
    gathered = [];
    merge(fresh, null, 0);
  }, gatherMs);
}

export async function loadAlerts(): Promise<void> {
  const before = lastSeq;
  const active = await activeAlerts();
  const newest = active.reduce((max, alert) => Math.max(max, alert.seq), lastSeq);
  const past = await alertLog(Math.max(0, newest - logWindow), 2 * logWindow).catch(() => []);
  merge([...past, ...active], new Set(active.map(alert => alert.id)), before);
}

function merge(fresh: Alert[], activeIds: ReadonlySet<string> | null, completeUpTo: number): void {
  const byId = new Map(alerts.value.map(alert => [alert.id, alert]));
  for (const alert of fresh) {
    if (typeof alert?.id !== 'string' || typeof alert.seq !== 'number') continue;
    lastSeq = Math.max(lastSeq, alert.seq);
    if (alert.notify) told.set(alert.id, (told.get(alert.id) ?? new Set()).add(alert.seq));
    const known = byId.get(alert.id);
    if (!known || known.seq <= alert.seq) byId.set(alert.id, alert);
  }

  const oldest = Date.now() / 1000 - keepResolvedSeconds;
  const kept = [...byId.values()].filter(alert => {
    if (alert.status === 'resolved') return secondsOf(alert.endsAt ?? alert.startsAt) > oldest;
    // The list of active alerts was complete when it was asked for: what it no longer has ended while the page did not listen.
    return activeIds === null || activeIds.has(alert.id) || alert.seq > completeUpTo;
  });
  kept.sort(byUrgency);
  const shown = kept.slice(0, keepAtMost);
  const ids = new Set(shown.map(alert => alert.id));
  for (const id of told.keys()) if (!ids.has(id)) told.delete(id);
  alerts.set(shown);
}

// What somebody should see first: incidents, silent hosts, the cluster's own troubles. Series of an incident are told by it.
export function isNews(alert: Alert): boolean {
  return alert.kind !== 'anomaly';
}

// What has a page of its own.
export function isIncident(alert: Alert): boolean {
  return alert.kind === 'incident' || alert.kind === 'stale';
}

export function isOpen(alert: Alert): boolean {
  return alert.status !== 'resolved';
}

export function notificationsOf(alert: Alert): number {
  return Math.max(told.get(alert.id)?.size ?? 0, alert.notify ? 1 : 0);
}

export function secondsOf(time: string | null): number {
  const ms = time === null ? Number.NaN : Date.parse(time);
  return Number.isNaN(ms) ? 0 : ms / 1000;
}

const statusOrder = ['firing', 'acknowledged', 'pending', 'silenced', 'resolved'];
const severityOrder = ['critical', 'error', 'warning', 'info'];

export function severityRank(alert: Alert): number {
  const at = severityOrder.indexOf(alert.severity);
  return at < 0 ? severityOrder.length : at;
}

export function byUrgency(a: Alert, b: Alert): number {
  // What is over counts by its end only.
  if (a.status === 'resolved' && b.status === 'resolved') return secondsOf(b.endsAt) - secondsOf(a.endsAt) || b.seq - a.seq;
  // Series stand behind the incidents that tell of them, so that many of them push none out of the page's memory.
  const byStatus = statusOrder.indexOf(a.status) - statusOrder.indexOf(b.status);
  return byStatus || Number(isNews(b)) - Number(isNews(a)) || severityRank(a) - severityRank(b) || b.seq - a.seq;
}
