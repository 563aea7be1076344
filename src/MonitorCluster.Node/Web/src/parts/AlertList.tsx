import type { Alert } from '../data/api';
import { secondsOf } from '../data/alerts';
import { selectorOf } from '../data/promql';
import { now, useStore } from '../data/store';
import { hrefOf } from '../data/url';
import { formatAge, formatDateTime, formatValue, type Unit } from '../format';
import { SeverityIcon, kindOf } from './Severity';

export function AlertList({ items, empty }: { items: readonly Alert[]; empty: string }) {
  const time = useStore(now);
  if (items.length === 0) return <p class="calm">{empty}</p>;
  return (
    <ul class="alerts">
      {items.map(alert => (
        <AlertItem key={alert.id} alert={alert} time={time} />
      ))}
    </ul>
  );
}

function AlertItem({ alert, time }: { alert: Alert; time: number }) {
  const since = secondsOf(alert.startsAt);
  const ended = secondsOf(alert.endsAt);
  const resolved = alert.status === 'resolved';
  const unit = unitOf(alert.metric ?? '');
  const labels: Record<string, string> = { ...alert.labels };
  if (alert.host !== null && labels['host'] === undefined) labels['host'] = alert.host;
  if (alert.metric !== null) labels['__name__'] = alert.metric;
  delete labels['alertname'];
  return (
    <li class={`alert ${resolved ? 'resolved' : kindOf(alert)} ${alert.status}`} data-id={alert.id} data-status={alert.status}>
      <SeverityIcon alert={alert} />
      <div class="alert-body">
        <p class="alert-title">
          <strong>{alert.host ?? 'cluster'}</strong>
          {alert.metric !== null && (
            <a class="mono" href={hrefOf('/explore', { q: selectorOf(labels) })}>
              {alert.metric}
            </a>
          )}
        </p>
        {alert.summary && <p class="alert-text">{alert.summary}</p>}
        <p class="alert-facts">
          <span class={`pill ${alert.status}`}>{alert.status}</span>
          <span>{alert.severity}</span>
          {since > 0 &&
            (resolved && ended > 0 ? (
              <span title={`${formatDateTime(since)} to ${formatDateTime(ended)}`}>
                lasted {formatAge(ended - since)}, ended {formatAge(time - ended)} ago
              </span>
            ) : (
              <span title={formatDateTime(since)}>for {formatAge(time - since)}</span>
            ))}
          {alert.value !== null && (
            <span>
              {resolved ? 'at the end' : 'now'} <b>{formatValue(unit, alert.value)}</b>
              {expected(alert, unit)}
            </span>
          )}
        </p>
      </div>
    </li>
  );
}

function expected(alert: Alert, unit: Unit): string {
  if (alert.band) return `, expected ${formatValue(unit, alert.band[0])} to ${formatValue(unit, alert.band[1])}`;
  return alert.expected === null ? '' : `, expected ${formatValue(unit, alert.expected)}`;
}

// Names end in their base unit (as node_exporter's do); a counter's alert is about its rate, which is no byte count.
export function unitOf(metric: string): Unit {
  if (metric.endsWith('_bytes')) return 'bytes';
  if (metric.endsWith('_bytes_total')) return 'bytesPerSecond';
  return metric.endsWith('_seconds') && !metric.endsWith('time_seconds') ? 'seconds' : 'number';
}
