import 'uplot/dist/uPlot.min.css';
import './styles.css';
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { alerts, isNews, loadAlerts } from './data/alerts';
import * as api from './data/api';
import { startPulse } from './data/hosts';
import { cluster, connection, paused } from './data/live';
import { useStore } from './data/store';
import { go, place } from './data/url';
import { toggleTheme } from './charts/theme';
import { Alerts } from './pages/Alerts';
import { Anomalies } from './pages/Anomalies';
import { Cluster } from './pages/Cluster';
import { Explore } from './pages/Explore';
import { Incidents } from './pages/Incidents';
import { Optimiser } from './pages/Optimiser';
import { Overview } from './pages/Overview';
import { Header, LostBanner, MissingBanner } from './parts/Header';
import { isTyping } from './parts/Search';

function Page() {
  switch (useStore(place).path) {
    case '/incidents':
      return <Incidents />;
    case '/anomalies':
      return <Anomalies />;
    case '/alerts':
      return <Alerts />;
    case '/explore':
      return <Explore />;
    case '/cluster':
      return <Cluster />;
    case '/optimiser':
      return <Optimiser />;
    default:
      return <Overview />;
  }
}

function App() {
  const lost = useStore(connection).status === 'broken';
  const held = useStore(paused);
  const firing = useStore(alerts).filter(alert => alert.status === 'firing' && isNews(alert)).length;
  useEffect(() => {
    document.title = lost ? '(lost) MonitorCluster' : firing > 0 ? `(${firing}) MonitorCluster` : 'MonitorCluster';
  }, [lost, firing]);
  return (
    <div class={`shell ${lost ? 'stale' : ''} ${held ? 'held' : ''}`}>
      <Header />
      <LostBanner />
      <MissingBanner />
      <Page />
    </div>
  );
}

// g then a letter goes to a page (u: what is unusual, l: load); p holds the charts; t changes the theme. / is the search's own.
const pageKeys: Record<string, string> = { o: '/', i: '/incidents', u: '/anomalies', a: '/alerts', e: '/explore', c: '/cluster', l: '/optimiser' };
let wentMs = 0;

document.addEventListener('keydown', event => {
  if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  const target = Date.now() - wentMs < 1500 ? pageKeys[event.key] : undefined;
  wentMs = event.key === 'g' ? Date.now() : 0;
  if (target !== undefined) go(target);
  else if (event.key === 'p') paused.set(!paused.value);
  else if (event.key === 't') toggleTheme();
});

const root = document.getElementById('app');
if (root) {
  root.replaceChildren();
  render(<App />, root);
}

startPulse();
loadAlerts().catch(() => undefined);
api.cluster().then(
  state => {
    if (cluster.value === null) cluster.set(state);
  },
  () => undefined,
);
