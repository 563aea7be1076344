import { isIncident, notificationsOf, secondsOf } from '../data/alerts';
import type { Alert } from '../data/api';
import { now, useStore } from '../data/store';
import { hrefOf } from '../data/url';
import { formatAge, formatDateTime } from '../format';
import { SeverityIcon, kindOf } from './Severity';
import { countOf } from './words';

export function IncidentList({ items, empty }: { items: readonly Alert[]; empty: string }) {
  const time = useStore(now);
  if (items.length === 0) return empty === '' ? null : <p class="calm">{empty}</p>;
  return (
    <ul class="alerts">
      {items.map(alert => (
        <IncidentRow key={alert.id} alert={alert} time={time} />
      ))}
    </ul>
  );
}

// One incident as a row which opens it. What has no page of its own (the cluster's troubles, rules) is a row that opens nothing.
function IncidentRow({ alert, time }: { alert: Alert; time: number }) {
  const since = secondsOf(alert.startsAt);
  const ended = secondsOf(alert.endsAt);
  const resolved = alert.status === 'resolved';
  const name = alert.host ?? 'the cluster';
  return (
    <li class={`alert incident ${resolved ? 'resolved' : kindOf(alert)}`} data-id={alert.id} data-status={alert.status}>
      <SeverityIcon alert={alert} />
      <div class="alert-body">
        <p class="alert-title">
          {isIncident(alert) ? (
            <a class="open" href={hrefOf('/incidents', { id: alert.id })}>
              {name}
            </a>
          ) : (
            <strong>{name}</strong>
          )}
          {since > 0 && (
            <span class="about" title={`${formatDateTime(since)}${ended > 0 ? ` to ${formatDateTime(ended)}` : ''}`}>
              {resolved && ended > 0 ? `lasted ${formatAge(ended - since)}, ended ${formatAge(time - ended)} ago` : `for ${formatAge(time - since)}`}
            </span>
          )}
        </p>
        {alert.summary && <p class="alert-text">{alert.summary}</p>}
        <p class="alert-facts">
          <span class={`pill ${alert.status}`}>{alert.status}</span>
          <span>{alert.kind === 'incident' ? alert.severity : `${alert.severity}, ${alert.kind}`}</span>
          {(alert.memberCount ?? 0) > 0 && <span>{countOf(alert.memberCount ?? 0, 'series')}</span>}
          <span>{notificationWords(notificationsOf(alert))}</span>
        </p>
      </div>
    </li>
  );
}

export function notificationWords(count: number): string {
  return count === 0 ? 'nobody was told' : countOf(count, 'notification');
}
