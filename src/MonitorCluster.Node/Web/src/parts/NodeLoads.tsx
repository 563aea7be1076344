import type { Cluster, Member } from '../data/api';
import type { Picture } from '../data/optimiser';
import { formatCount, formatValue } from '../format';

interface Props {
  now: Picture | null;
  expected: Picture | null;
  // Null while it is not known.
  state: Cluster | null;
}

// Each node's load as a bar, and under it what a plan makes of it; then what the load is made of.
export function NodeLoads({ now, expected, state }: Props) {
  const members = state?.members ?? [];
  const byName = new Map((now?.nodes ?? []).map(node => [node.name, node]));
  const later = new Map((expected?.nodes ?? []).map(node => [node.name, node]));
  const names = [...new Set([...byName.keys(), ...members.map(member => member.name)])].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const scale = Math.max(1, ...[...byName.values(), ...later.values()].map(node => node.load)) * 1.04;
  return (
    <section class="card" aria-labelledby="loads-title">
      <header class="card-head">
        <h2 id="loads-title">Load of the nodes</h2>
      </header>
      <p class="keys">
        <span>
          <i class="swatch load-now" aria-hidden="true" />
          now
        </span>
        {expected !== null && (
          <span>
            <i class="swatch load-then" aria-hidden="true" />
            with the plan
          </span>
        )}
        <span>
          <i class="swatch load-full" aria-hidden="true" />
          full: 70 % of the processors or 80 % of the memory
        </span>
      </p>
      <div class="scroll">
        <table class="data loads">
          <thead>
            <tr>
              <th scope="col">node</th>
              <th scope="col">
                <span class="sr">load as a bar</span>
              </th>
              <th scope="col">load</th>
              <th scope="col">cores in use</th>
              <th scope="col">memory</th>
              <th scope="col">shards</th>
              <th scope="col">samples/s</th>
            </tr>
          </thead>
          <tbody>
            {names.map(name => {
              const [node, then, status] = [byName.get(name), later.get(name), statusOf(members, name)];
              // Of whom the optimiser knows nothing, what the cluster knows.
              const shards = node?.shards ?? state?.shards.reduce((sum, shard) => sum + (shard.owner === name ? 1 : 0), 0);
              const samples = node === undefined ? members.find(member => member.name === name && member.status !== 'dead')?.load : node.samplesPerSecond;
              return (
                <tr key={name} class={status === 'active' ? '' : status}>
                  <th scope="row">
                    {name}
                    {status !== 'active' && <span class={`pill ${status}`}>{status}</span>}
                  </th>
                  <td>
                    <svg class="load-bar" viewBox={`0 0 ${scale} 10`} preserveAspectRatio="none" aria-hidden="true">
                      <rect class="load-now" y="1" width={node?.load ?? 0} height={expected === null ? 8 : 4} />
                      {expected !== null && <rect class="load-then" y="5" width={then?.load ?? 0} height="4" />}
                      <line x1="1" x2="1" y1="0" y2="10" />
                    </svg>
                  </td>
                  <Change unit="ratio" before={node?.load} after={then?.load} />
                  <Change unit="ratio" before={node?.cpu} after={then?.cpu} />
                  <Change unit="bytes" before={node?.memory} after={then?.memory} />
                  <Change unit="count" before={shards} after={then?.shards} />
                  <td>{formatValue('number', samples)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {now === null && <p class="hint">The loads are not known.</p>}
    </section>
  );
}

interface ChangeProps {
  unit: 'ratio' | 'bytes' | 'count';
  before: number | undefined;
  after: number | undefined;
}

function Change({ unit, before, after }: ChangeProps) {
  const text = (value: number | undefined) => {
    if (unit === 'ratio') return value?.toFixed(2) ?? '–';
    return unit === 'count' ? formatCount(value) : formatValue('bytes', value);
  };
  const same = after === undefined || text(after) === text(before);
  return (
    <td>
      {text(before)}
      {!same && <b> → {text(after)}</b>}
    </td>
  );
}

// A name is used again by the next life of a node: what lives tells more than what has died.
export function statusOf(members: readonly Member[], name: string): string {
  const own = members.filter(member => member.name === name);
  const member = own.find(one => one.status !== 'dead') ?? own[0];
  return member === undefined ? 'gone' : member.status !== 'dead' && member.reachable === false ? 'unreachable' : member.status;
}
