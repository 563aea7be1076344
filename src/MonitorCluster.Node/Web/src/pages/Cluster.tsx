import { useEffect, useState } from 'preact/hooks';
import * as api from '../data/api';
import type { Member, Shard } from '../data/api';
import { cluster } from '../data/live';
import { useStore } from '../data/store';
import { formatCount, formatValue } from '../format';

// The stream says when members or owners change; loads and lags change all the time and are asked for while this page is looked at.
const refreshMs = 3000;
const colours = 8;

export function Cluster() {
  const state = useStore(cluster);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    const ended = new AbortController();
    const load = () => {
      if (document.hidden) return;
      api.cluster(ended.signal).then(
        answer => {
          cluster.set(answer);
          setProblem('');
        },
        (e: unknown) => {
          if (!ended.signal.aborted) setProblem(e instanceof Error ? e.message : String(e));
        },
      );
    };
    load();
    const timer = setInterval(load, refreshMs);
    return () => {
      clearInterval(timer);
      ended.abort();
    };
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
  const moving = state.shards.filter(shard => shard.target !== null);
  return (
    <main class="page">
      <div class="bar">
        <h1>Cluster</h1>
        <span class="about">
          version {String(state.version)} · {state.members.length} {state.members.length === 1 ? 'member' : 'members'} · {state.shards.length} shards
          {moving.length > 0 && <b> · {moving.length} moving</b>}
          {homeless > 0 && <b class="bad-text"> · {homeless} without an owner</b>}
        </span>
      </div>
      {problem && <p class="error">{problem}</p>}
      {state.members.length > 1 && <Shares members={state.members} shards={state.shards} />}
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
                <th scope="col">moving in</th>
                <th scope="col">moving out</th>
                <th scope="col">series</th>
                <th scope="col">samples/s</th>
                <th scope="col">worst lag</th>
              </tr>
            </thead>
            <tbody>
              {state.members.map(member => (
                <MemberRow key={`${member.name} ${member.incarnation}`} member={member} shards={state.shards} here={member.name === state.node} />
              ))}
            </tbody>
          </table>
        </div>
      </section>
      {moving.length > 0 && <Moves shards={moving} />}
    </main>
  );
}

function MemberRow({ member, shards, here }: { member: Member; shards: Shard[]; here: boolean }) {
  const own = shards.filter(shard => shard.owner === member.name);
  const unreachable = member.status !== 'dead' && member.reachable === false;
  const status = unreachable ? 'unreachable' : member.status;
  // A member that did not answer has unknown numbers, which are not zero.
  const known = own.every(shard => shard.series !== null);
  return (
    <tr class={status}>
      <th scope="row">
        {member.name}
        {here && <span class="here">this page</span>}
      </th>
      <td>
        <span class={`pill ${status}`} title={member.reason ?? undefined}>
          {status}
        </span>
      </td>
      <td class="mono">{member.address}</td>
      <td>{Array.isArray(member.roles) ? member.roles.join(', ') : member.roles}</td>
      <td>{member.build}</td>
      <td>{formatCount(own.length)}</td>
      <td>{formatCount(shards.filter(shard => shard.target === member.name).length)}</td>
      <td>{formatCount(own.filter(shard => shard.target !== null).length)}</td>
      <td>{formatCount(known ? own.reduce((sum, shard) => sum + (shard.series ?? 0), 0) : null)}</td>
      <td>{formatValue('number', member.load)}</td>
      <td>{formatValue('seconds', own.length === 0 || !known ? null : Math.max(...own.map(shard => shard.lagSeconds ?? 0)))}</td>
    </tr>
  );
}

// Who owns how much, as one bar; the list beside it says the same in words and numbers.
function Shares({ members, shards }: { members: Member[]; shards: Shard[] }) {
  const parts = members
    .map((member, i) => ({ name: member.name, colour: i % colours, count: shards.filter(shard => shard.owner === member.name).length }))
    .filter(part => part.count > 0);
  const homeless = shards.length - parts.reduce((sum, part) => sum + part.count, 0);
  return (
    <section class="card" aria-labelledby="shares-title">
      <header class="card-head">
        <h2 id="shares-title">Shards by owner</h2>
      </header>
      <svg class="share" viewBox={`0 0 ${Math.max(1, shards.length)} 1`} preserveAspectRatio="none" aria-hidden="true">
        {parts.map((part, i) => (
          <rect
            key={part.name}
            x={parts.slice(0, i).reduce((sum, before) => sum + before.count, 0)}
            width={part.count}
            height="1"
            fill={`var(--series-${part.colour})`}
          />
        ))}
      </svg>
      <ul class="shares">
        {parts.map(part => (
          <li key={part.name}>
            <svg class="swatch" viewBox="0 0 1 1" aria-hidden="true">
              <rect width="1" height="1" fill={`var(--series-${part.colour})`} />
            </svg>
            {part.name} <b>{formatCount(part.count)}</b>
          </li>
        ))}
        {homeless > 0 && (
          <li class="bad-text">
            no owner <b>{formatCount(homeless)}</b>
          </li>
        )}
      </ul>
    </section>
  );
}

function Moves({ shards }: { shards: Shard[] }) {
  const ways = new Map<string, number[]>();
  for (const shard of shards) {
    const way = `${shard.owner ?? 'nobody'} → ${shard.target}`;
    ways.set(way, [...(ways.get(way) ?? []), shard.id]);
  }

  return (
    <section class="card" aria-labelledby="moves-title">
      <header class="card-head">
        <h2 id="moves-title">Moving now</h2>
      </header>
      <ul class="moves">
        {[...ways].map(([way, ids]) => (
          <li key={way}>
            {way}: {ids.slice(0, 12).join(', ')}
            {ids.length > 12 && ` and ${ids.length - 12} more`}
          </li>
        ))}
      </ul>
    </section>
  );
}
