import type { Alert } from '../data/api';

// Severity by shape as well as by colour: triangle, diamond, dot; a resolved alert is a tick.
const shapes: Record<string, string> = {
  critical: 'M8 1.5 15.2 14H.8Z',
  warning: 'M8 .8 15.2 8 8 15.2.8 8Z',
  info: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2Z',
};

export function kindOf(alert: Alert): 'critical' | 'warning' | 'info' {
  if (alert.severity === 'critical' || alert.severity === 'error' || alert.severity === 'page') return 'critical';
  return alert.severity === 'info' ? 'info' : 'warning';
}

export function SeverityIcon({ alert }: { alert: Alert }) {
  if (alert.status === 'resolved') {
    return (
      <svg class="sev resolved" viewBox="0 0 16 16" role="img" aria-label="resolved">
        <path d="M2.5 8.5 6.5 12.5 13.5 4" fill="none" stroke="currentColor" stroke-width="2.2" />
      </svg>
    );
  }

  const kind = kindOf(alert);
  const hollow = alert.status === 'pending';
  return (
    <svg class={`sev ${kind}`} viewBox="0 0 16 16" role="img" aria-label={`${alert.severity}, ${alert.status}`}>
      <path d={shapes[kind]} fill={hollow ? 'none' : 'currentColor'} stroke="currentColor" stroke-width={hollow ? 1.6 : 0} />
    </svg>
  );
}
