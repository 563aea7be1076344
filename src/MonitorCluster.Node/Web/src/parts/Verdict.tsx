import { alerts, isNews, secondsOf } from '../data/alerts';
import type { Alert } from '../data/api';
import { pulse, silentSeconds } from '../data/hosts';
import { cluster, connection } from '../data/live';
import { now, useStore } from '../data/store';
import { formatAge } from '../format';
import { kindOf } from './Severity';

// The state of everything in one sentence: the worst thing first.
export function Verdict() {
  const members = useStore(cluster)?.members ?? [];
  const known = useStore(alerts);
  const flow = useStore(pulse);
  const link = useStore(connection);
  const time = useStore(now);

  const problems: string[] = [];
  const dead = members.filter(member => member.status === 'dead');
  const firing = known.filter(alert => alert.status === 'firing' && isNews(alert));
  const seenTo = known.filter(alert => alert.status === 'acknowledged' && isNews(alert));
  const silent = flow?.hosts.filter(host => flow.t - host.newest > silentSeconds) ?? [];
  if (dead.length > 0) {
    const names = dead.map(member => member.name);
    problems.push(`${list(names, 'node')} ${dead.length === 1 ? 'is' : 'are'} dead`);
  }

  const unreachable = members.filter(member => member.status !== 'dead' && member.reachable === false);
  if (unreachable.length > 0) {
    const names = unreachable.map(member => member.name);
    problems.push(`${list(names, 'node')} ${unreachable.length === 1 ? 'does' : 'do'} not answer`);
  }

  // A host that its agent watches is missed here at once; one that is only written to, when the node says so.
  const quiet = new Map(silent.map(host => [host.name, host.newest]));
  for (const alert of firing) {
    if (alert.kind === 'stale' && alert.host !== null && !quiet.has(alert.host)) quiet.set(alert.host, secondsOf(alert.startsAt));
  }

  if (quiet.size > 0) problems.push(`${list([...quiet.keys()], 'host')} silent for ${formatAge((flow?.t ?? time) - Math.max(...quiet.values()))}`);

  const others = firing.filter(alert => alert.kind !== 'stale');
  const worst = others[0];
  if (worst) problems.push(`${openWords(others)}, ${others.length === 1 ? '' : 'worst '}${about(worst, time)}`);
  if (seenTo.length > 0) problems.push(`${count(seenTo.length, 'incident')} ${seenTo.length === 1 ? 'is' : 'are'} acknowledged`);

  const critical = dead.length > 0 || unreachable.length > 0 || quiet.size > 0 || firing.some(alert => kindOf(alert) === 'critical');
  const [level, text] =
    link.status === 'broken'
      ? ['lost', `Connection lost ${formatAge(time - link.since)} ago. What you see is old.`]
      : flow === null
        ? ['wait', 'Asking the node how things are …']
        : problems.length > 0
          ? [critical ? 'critical' : 'warning', `${capital(problems.join('; '))}.`]
          : flow.hosts.length === 0
            ? ['wait', 'The node runs; it has no samples yet.']
            : ['good', `All is well: ${count(flow.hosts.length, 'host')} reporting, nothing unusual.`];

  return (
    <p class={`verdict ${level}`} role="status">
      <i aria-hidden="true" />
      {text}
    </p>
  );
}

function openWords(firing: readonly Alert[]): string {
  const incidents = firing.filter(alert => alert.kind === 'incident').length;
  const others = firing.length - incidents;
  const parts = [incidents > 0 ? count(incidents, 'incident') : '', others > 0 ? count(others, incidents > 0 ? 'other alert' : 'alert') : ''];
  return `${parts.filter(part => part !== '').join(' and ')} ${firing.length === 1 ? 'is' : 'are'} open`;
}

function about(alert: Alert, time: number): string {
  const since = secondsOf(alert.startsAt);
  return `on ${alert.host ?? 'the cluster'}${since > 0 ? ` for ${formatAge(time - since)}` : ''}`;
}

function list(names: string[], kind: string): string {
  return names.length > 3 ? `${names.length} ${kind}s` : `${kind}${names.length > 1 ? 's' : ''} ${names.join(', ')}`;
}

function count(n: number, kind: string): string {
  return `${n} ${kind}${n === 1 ? '' : 's'}`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
