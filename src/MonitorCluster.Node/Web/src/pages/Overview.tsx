import { useEffect, useMemo } from 'preact/hooks';
import { ChartCard } from '../charts/ChartCard';
import { charts, type Chart, type Scope } from '../charts/definitions';
import type { Look } from '../charts/plot';
import { stepOf, useFrame } from '../charts/useFrame';
import { zoom } from '../charts/zoom';
import { alerts, isNews, isOpen } from '../data/alerts';
import { pulse } from '../data/hosts';
import { useStore } from '../data/store';
import { place, setParams } from '../data/url';
import { IncidentList } from '../parts/IncidentRow';
import { Tiles } from '../parts/Tiles';
import { Verdict } from '../parts/Verdict';
import { windows, windowOf, WindowPicker } from '../parts/WindowPicker';

const incidentsAtMost = 12;

export function Overview() {
  const { params } = useStore(place);
  const state = useStore(pulse);
  const known = useStore(alerts);
  const hosts = state?.hosts.map(host => host.name) ?? [];
  const asked = params.get('host');
  // With one host there is nothing to compare; with several the first view compares them, one line each.
  const host = asked ?? (hosts.length > 1 ? null : (hosts[0] ?? null));
  const none = state !== null && hosts.length === 0;
  const seconds = windowOf(params.get('w'));
  const news = known.filter(isNews);
  const open = news.filter(isOpen);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const choice = windows[Number(event.key) - 1];
      if (choice && !event.ctrlKey && !event.metaKey && !event.altKey && document.activeElement === document.body) setParams({ w: choice.name, zoom: null });
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);

  return (
    <main class="overview">
      <Verdict />
      <Tiles />
      <div class="columns">
        <aside class="card alerts-card" aria-labelledby="alerts-title">
          <header class="card-head">
            <h2 id="alerts-title">Incidents</h2>
            <span class="about">{open.length === 0 ? 'none open' : `${open.length} open`}</span>
            <a class="more" href="/incidents">
              all
            </a>
          </header>
          <IncidentList items={news.slice(0, incidentsAtMost)} empty="Nothing is unusual. New incidents appear here by themselves." />
          {news.length > incidentsAtMost && (
            <p class="hint">
              <a href="/incidents">{news.length - incidentsAtMost} more</a>
            </p>
          )}
        </aside>
        <div class="charts-side">
          {!none && (
            <div class="bar">
              <HostPicker hosts={hosts} host={host} />
              <WindowPicker />
              <ZoomReset />
            </div>
          )}
          {none ? (
            <NoData />
          ) : (
            <div class="charts">
              {charts.map(chart => (
                <LiveChart key={chart.id} chart={chart} host={host} compared={Math.min(hosts.length, 6)} seconds={seconds} ready={state !== null} />
              ))}
            </div>
          )}
        </div>
      </div>
    </main>
  );
}

interface LiveChartProps {
  chart: Chart;
  host: string | null;
  compared: number;
  seconds: number;
  ready: boolean;
}

function LiveChart({ chart, host, compared, seconds, ready }: LiveChartProps) {
  const scope: Scope = useMemo(() => ({ host, rate: `${Math.max(5, 2 * stepOf(seconds))}s` }), [host, seconds]);
  const look: Look = useMemo(
    () => ({
      unit: chart.unit,
      stacked: (chart.stacked ?? false) && host !== null,
      floor: chart.floor ?? 0,
      ceiling: chart.ceiling ?? null,
      height: 150,
    }),
    [chart, host],
  );
  // Until the hosts are known it is open whether one or all are shown: ask for nothing yet.
  const expressions = useMemo(() => (ready ? chart.expressions(scope) : []), [chart, scope, ready]);
  const loaded = useFrame(`${chart.id} ${host ?? ''} ${ready}`, expressions, seconds, answers => chart.rows(answers, scope));
  return (
    <ChartCard
      title={chart.title}
      about={host === null ? chart.aboutAll : chart.about}
      look={look}
      legendRows={host === null ? compared : chart.legendRows}
      {...loaded}
      state={ready ? loaded.state : 'loading'}
    />
  );
}

function HostPicker({ hosts, host }: { hosts: string[]; host: string | null }) {
  if (hosts.length < 2 && (host === null || hosts.includes(host))) return <span class="host-name">{host ?? ''}</span>;
  const all = host !== null && !hosts.includes(host) ? [...hosts, host] : hosts;
  return (
    <label class="picker">
      Host
      <select value={host ?? ''} onChange={event => setParams({ host: event.currentTarget.value || null })}>
        <option value="">all {hosts.length}, compared</option>
        {all.map(name => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

export function ZoomReset() {
  const span = useStore(zoom);
  return (
    span && (
      <button type="button" class="quiet" onClick={() => zoom.set(null)}>
        Back to now
      </button>
    )
  );
}

function NoData() {
  return (
    <section class="card empty" data-empty>
      <h2>No samples yet</h2>
      <p>
        A node reads its own host once a second: processors, memory, disks, network, pressure and load. The first charts appear here within two seconds of its
        start, without any setting.
      </p>
      <p>To send more, point a Prometheus at this node:</p>
      <pre>{`remote_write:\n  - url: ${location.origin}/api/v1/write`}</pre>
    </section>
  );
}
