import { alerts, isNews } from '../data/alerts';
import { cluster, connection, missing, paused, retryNow } from '../data/live';
import { now, useStore } from '../data/store';
import { place } from '../data/url';
import { formatAge } from '../format';
import { colours, isDark, toggleTheme } from '../charts/theme';
import { Search } from './Search';

const links = [
  ['/', 'Overview'],
  ['/incidents', 'Incidents'],
  ['/anomalies', 'Anomalies'],
  ['/alerts', 'Alerts'],
  ['/explore', 'Explore'],
  ['/cluster', 'Cluster'],
  ['/optimiser', 'Load'],
] as const;

export function Header() {
  const { path } = useStore(place);
  const firing = useStore(alerts).filter(alert => alert.status === 'firing' && isNews(alert)).length;
  useStore(colours);
  const dark = isDark();
  return (
    <header class="top">
      <a class="brand" href="/" aria-label="MonitorCluster, overview">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path d="M2 18h7l3-10 6 17 4-10 2 3h6" fill="none" stroke="currentColor" stroke-width="2.8" stroke-linecap="round" stroke-linejoin="round" />
        </svg>
        <span>MonitorCluster</span>
      </a>
      <nav aria-label="Pages">
        {links.map(([href, text]) => (
          <a key={href} href={href} aria-current={path === href ? 'page' : undefined}>
            {text}
            {href === '/incidents' && firing > 0 && <b class="count">{firing}</b>}
          </a>
        ))}
      </nav>
      <Search />
      <ConnectedNode />
      <Status />
      <button type="button" class="icon" title="Dark or light (t)" aria-label={dark ? 'Use the light theme' : 'Use the dark theme'} onClick={toggleTheme}>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.5" />
          <path d="M8 2a6 6 0 0 1 0 12Z" fill="currentColor" />
        </svg>
      </button>
    </header>
  );
}

// Only where there is a choice: with one member the name says nothing.
function ConnectedNode() {
  const state = useStore(cluster);
  return state !== null && state.members.length > 1 ? (
    <a class="connected" href="/cluster" title="The node this page is connected to; every node shows the same">
      {state.node}
    </a>
  ) : null;
}

function Status() {
  const state = useStore(connection);
  const held = useStore(paused);
  const text = held ? 'paused' : state.status === 'live' ? 'live' : state.status === 'broken' ? 'lost' : 'connecting';
  return (
    <button
      type="button"
      class={`status ${text}`}
      aria-pressed={held}
      title={held ? 'Go on (p)' : 'Hold the charts still (p)'}
      onClick={() => paused.set(!held)}
    >
      <i aria-hidden="true" />
      {text}
      <span class="pause" aria-hidden="true">
        {held ? '▶' : '❚❚'}
      </span>
    </button>
  );
}

// Under the header while some shards have nobody who serves them: what is shown lacks their series.
export function MissingBanner() {
  const what = useStore(missing);
  const lost = useStore(connection).status === 'broken';
  return what === '' || lost ? null : (
    <div class="missing-banner" role="status">
      <strong>Some series are missing.</strong> <span>{what}</span>
    </div>
  );
}

// Under the header while the stream is broken: what is known, how old it is and what happens next.
export function LostBanner() {
  const state = useStore(connection);
  const time = useStore(now);
  if (state.status !== 'broken') return null;
  const wait = Math.max(0, Math.ceil((state.retryAt ?? time) - time));
  return (
    <div class="lost-banner" role="alert">
      <strong>This node does not answer.</strong>
      <span>
        Everything below is {formatAge(time - state.since)} old. {wait > 0 ? `Next try in ${wait} s.` : 'Trying now …'}
      </span>
      <button type="button" onClick={retryNow}>
        Try now
      </button>
    </div>
  );
}
