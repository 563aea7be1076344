import { alerts, byUrgency, isIncident, isOpen } from '../data/alerts';
import * as api from '../data/api';
import { useWatching, watchingWords } from '../data/watching';
import { usePolled } from '../data/poll';
import { useStore } from '../data/store';
import { place } from '../data/url';
import { IncidentList } from '../parts/IncidentRow';
import { IncidentPage } from './Incident';

const askedFor = 100;
const openAtMost = 200;

export function Incidents() {
  const id = useStore(place).params.get('id');
  return id === null ? <List /> : <IncidentPage key={id} id={id} />;
}

function List() {
  const live = useStore(alerts);
  const past = usePolled('incidents', 15, signal => api.incidents(askedFor, signal));
  const counts = useWatching();
  const all = merge(live.filter(isIncident), past.data ?? []);
  const open = all.filter(isOpen).sort(byUrgency);
  const over = all.filter(alert => !isOpen(alert)).sort(byUrgency);
  const known = past.data !== null || past.problem !== '';
  return (
    <main class="page">
      <div class="bar">
        <h1>Incidents</h1>
        {counts !== null && open.length > 0 && <span class="about">{watchingWords(counts)}</span>}
      </div>
      {past.problem !== '' && (
        <p class="error" role="alert">
          {past.problem}
        </p>
      )}
      <section class="card" aria-label="Open incidents">
        <header class="card-head">
          <h2>Open</h2>
          <span class="about">{open.length > 0 ? `${open.length}` : ''}</span>
        </header>
        <IncidentList items={open.slice(0, openAtMost)} empty={known ? `Nothing is unusual. ${counts === null ? '' : watchingWords(counts)}` : 'Loading …'} />
        {open.length > openAtMost && <p class="hint">The {openAtMost} most urgent of {open.length}.</p>}
      </section>
      {over.length > 0 && (
        <section class="card" aria-label="Resolved incidents">
          <header class="card-head">
            <h2>Resolved</h2>
            <span class="about">the latest first</span>
          </header>
          <IncidentList items={over.slice(0, askedFor)} empty="" />
          {over.length >= askedFor && <p class="hint">Older ones: pbm incidents list.</p>}
        </section>
      )}
    </main>
  );
}

// The stream tells first, the list knows more members: the newer one of each, and of the same the list's.
function merge(live: readonly api.Alert[], listed: readonly api.Alert[]): api.Alert[] {
  const byId = new Map(live.map(alert => [alert.id, alert]));
  for (const alert of listed) {
    const other = byId.get(alert.id);
    if (other === undefined || alert.seq === null || other.seq <= alert.seq) byId.set(alert.id, alert);
  }

  return [...byId.values()];
}
