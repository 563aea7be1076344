import { useEffect, useState } from 'preact/hooks';
import * as api from '../data/api';
import { cluster } from '../data/live';
import { useStore } from '../data/store';
import { formatCount, formatValue } from '../format';

export function Cluster() {
  const state = useStore(cluster);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    api.cluster().then(
      answer => cluster.set(answer),
      (e: unknown) => setProblem(e instanceof Error ? e.message : String(e)),
    );
  }, []);

  if (state === null)
    return (
      <main class="page">
        <h1>Cluster</h1>
        <section class="card">
          <p class="calm">{problem || 'Loading …'}</p>
        </section>
      </main>
    );
  const homeless = state.shards.filter(shard => shard.owner === null).length;
  return (
    <main class="page">
      <div class="bar">
        <h1>Cluster</h1>
        <span class="about">
          version {String(state.version)} · {state.members.length} members · {state.shards.length} shards
          {homeless > 0 && <b class="bad-text"> · {homeless} without an owner</b>}
        </span>
      </div>
      <section class="card">
        <div class="scroll">
          <table class="data members">
            <thead>
              <tr>
                <th scope="col">member</th>
                <th scope="col">status</th>
                <th scope="col">address</th>
                <th scope="col">roles</th>
                <th scope="col">build</th>
                <th scope="col">shards</th>
                <th scope="col">series</th>
                <th scope="col">samples/s</th>
                <th scope="col">worst lag</th>
              </tr>
            </thead>
            <tbody>
              {state.members.map(member => {
                const own = state.shards.filter(shard => shard.owner === member.name);
                return (
                  <tr key={`${member.name} ${member.incarnation}`} class={member.status}>
                    <th scope="row">{member.name}</th>
                    <td>
                      <span class={`pill ${member.status}`}>{member.status}</span>
                    </td>
                    <td class="mono">{member.address}</td>
                    <td>{Array.isArray(member.roles) ? member.roles.join(', ') : member.roles}</td>
                    <td>{member.build}</td>
                    <td>{formatCount(own.length)}</td>
                    <td>{formatCount(own.reduce((sum, shard) => sum + (shard.series ?? 0), 0))}</td>
                    <td>
                      {formatValue(
                        'number',
                        own.reduce((sum, shard) => sum + (shard.samplesPerSecond ?? 0), 0),
                      )}
                    </td>
                    <td>{formatValue('seconds', own.length === 0 ? null : Math.max(...own.map(shard => shard.lagSeconds ?? 0)))}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      </section>
    </main>
  );
}
