import { alerts } from '../data/alerts';
import { useStore } from '../data/store';
import { place, setParams } from '../data/url';
import { AlertList } from '../parts/AlertList';

const choices = [
  ['', 'all'],
  ['active', 'active'],
  ['resolved', 'resolved'],
] as const;
const shownAtMost = 200;

export function Alerts() {
  const { params } = useStore(place);
  const known = useStore(alerts);
  const show = params.get('show') ?? '';
  const words = (params.get('find') ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter(word => word !== '');
  const items = known.filter(alert => {
    if (show === 'active' && alert.status === 'resolved') return false;
    if (show === 'resolved' && alert.status !== 'resolved') return false;
    const text = `${alert.host ?? ''} ${alert.metric ?? ''} ${alert.summary ?? ''} ${alert.severity} ${alert.kind}`.toLowerCase();
    return words.every(word => text.includes(word));
  });
  return (
    <main class="page">
      <div class="bar">
        <h1>Alerts</h1>
        <div class="segments" role="group" aria-label="Which alerts">
          {choices.map(([value, text]) => (
            <button key={value} type="button" aria-pressed={show === value} onClick={() => setParams({ show: value || null })}>
              {text}
            </button>
          ))}
        </div>
        <input
          type="search"
          placeholder="Host, metric or text"
          aria-label="Filter alerts"
          value={params.get('find') ?? ''}
          onInput={event => setParams({ find: event.currentTarget.value || null })}
        />
      </div>
      <section class="card">
        <AlertList
          items={items.slice(0, shownAtMost)}
          empty={known.length > 0 ? 'No alert matches.' : 'No alerts, now or in the last hour. New ones appear here by themselves.'}
        />
        {items.length > shownAtMost && (
          <p class="hint">
            The most urgent {shownAtMost} of {items.length}; a filter finds the rest.
          </p>
        )}
      </section>
    </main>
  );
}
