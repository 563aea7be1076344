import { queryRange } from '../data/api';
import { nodeNow } from '../data/live';
import { usePolled } from '../data/poll';
import { hrefOf } from '../data/url';
import { formatClock } from '../format';
import { countOf } from './words';

// The last hour, a cell a minute, a row a host: how many series were unusual.
const minutes = 60;
const stepSeconds = 60;
const hostsAtMost = 15;
const expression = 'sum by (host) (max_over_time(anomaly_bit[1m]))';
// Five shades at most: more nobody tells apart.
const shades = [1, 2, 4, 8];

interface Strip {
  times: number[];
  hosts: { name: string; counts: number[]; most: number; sum: number }[];
}

async function load(signal: AbortSignal): Promise<Strip> {
  const end = Math.ceil(nodeNow() / stepSeconds) * stepSeconds;
  const times = Array.from({ length: minutes }, (_, i) => end - (minutes - 1 - i) * stepSeconds);
  const answer = await queryRange(expression, times[0] ?? end, end, stepSeconds, signal);
  const hosts = (answer.resultType === 'matrix' ? answer.result : []).map(({ metric, values }) => {
    const counts = new Array<number>(minutes).fill(0);
    for (const [t, text] of values) counts[Math.round((t - (times[0] ?? 0)) / stepSeconds)] = Number(text) || 0;
    return { name: metric['host'] ?? '', counts, most: Math.max(...counts), sum: counts.reduce((a, b) => a + b, 0) };
  });
  return { times, hosts: hosts.filter(host => host.sum > 0).sort((a, b) => b.sum - a.sum || (a.name < b.name ? -1 : 1)) };
}

export function HeatStrip() {
  const { data, problem } = usePolled('heat', 15, load);
  const hosts = data?.hosts ?? [];
  return (
    <section class="card heat" aria-label="The last hour by host">
      <header class="card-head">
        <h2>The last hour</h2>
        <span class="about">unusual series by host, a cell a minute</span>
      </header>
      {problem !== '' && hosts.length === 0 && <p class="calm">{problem}</p>}
      {data !== null && hosts.length === 0 && problem === '' && <p class="calm">No series of any host was unusual in the last hour.</p>}
      {hosts.slice(0, hostsAtMost).map(host => (
        <div class="heat-row" key={host.name}>
          <a href={hrefOf('/', { host: host.name })} title={host.name}>
            {host.name || 'no host'}
          </a>
          <svg
            viewBox={`0 0 ${minutes} 1`}
            preserveAspectRatio="none"
            role="img"
            aria-label={`${host.name}: at most ${countOf(host.most, 'series')} unusual in a minute, any in ${host.counts.filter(n => n > 0).length} minutes`}
          >
            {host.counts.map((count, i) => (
              <rect key={i} class={`heat-${shadeOf(count)}`} x={i + 0.06} y={0} width={0.88} height={1}>
                <title>{`${formatClock((data?.times[i] ?? 0) - stepSeconds).slice(0, 5)}: ${countOf(count, 'series')}`}</title>
              </rect>
            ))}
          </svg>
          <span class="about">{host.most > 0 ? `most ${host.most}` : ''}</span>
        </div>
      ))}
      {hosts.length > 0 && data !== null && (
        <p class="heat-axis about">
          <span>{formatClock((data.times[0] ?? 0) - stepSeconds).slice(0, 5)}</span>
          <span>now</span>
        </p>
      )}
      {hosts.length > hostsAtMost && <p class="hint">The {hostsAtMost} most unusual of {hosts.length} hosts.</p>}
    </section>
  );
}

function shadeOf(count: number): number {
  return shades.filter(least => count >= least).length;
}
