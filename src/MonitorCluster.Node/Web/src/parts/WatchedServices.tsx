import type { Action, Actuations, Policy } from '../data/actuations';
import { secondsOf } from '../data/alerts';
import { now, useStore } from '../data/store';
import { formatAge, formatDateTime, formatValue } from '../format';
import { sentence } from './words';

const statusWords: Record<string, string> = {
  elsewhere: 'another node acts',
  starting: 'has not looked yet',
  watching: 'nothing to do',
  acting: 'acting',
  refused: 'held back',
  paused: 'paused',
  unreachable: 'no answer',
  off: 'turned itself off',
  retired: 'gone, taken back',
};
const statusPills: Record<string, string> = { watching: 'active', acting: 'acknowledged', unreachable: 'pending', off: 'firing' };
const actionWords: Record<string, string> = {
  intended: 'about to be done',
  applied: 'done, to be judged',
  verified: 'done, helped',
  superseded: 'followed by another',
  returned: 'back to the initial weight',
  reverted: 'taken back',
  failed: 'not done',
  overruled: 'somebody else decided',
  proposed: 'dry run',
};
const actionPills: Record<string, string> = { verified: 'active', applied: 'acknowledged', intended: 'acknowledged', reverted: 'pending', failed: 'pending' };

// Policies for watched services and what was done by them. A cluster that has neither is not bothered with it.
export function WatchedServices({ seen }: { seen: Actuations }) {
  if (seen.policies.length === 0 && seen.actions.length === 0) return null;
  return (
    <section class="card" aria-labelledby="services-title">
      <header class="card-head">
        <h2 id="services-title">Watched services</h2>
        <span class="about">{seen.policies.length === 1 ? '1 policy' : `${seen.policies.length} policies`}</span>
      </header>
      {seen.policies.map(policy => (
        <PolicyRow key={`${policy.name} ${policy.endpoint} ${policy.backend}`} policy={policy} />
      ))}
      <Actions actions={seen.actions} />
    </section>
  );
}

function PolicyRow({ policy }: { policy: Policy }) {
  return (
    <div class="policy" data-policy={policy.name}>
      <p class="policy-head">
        <b>{policy.name}</b> <span class={`pill ${statusPills[policy.status] ?? ''}`}>{statusWords[policy.status] ?? policy.status}</span>
        {policy.isDryRun && <span class="pill">dry run</span>} <span class="about">backend {policy.backend}</span>{' '}
        <span class="about">{policy.owner === null ? 'no node acts for it now' : `${policy.owner} acts for it`}</span>
      </p>
      {policy.words !== '' && policy.status !== 'elsewhere' && <p class="why">{sentence(policy.words)}</p>}
      {policy.servers.length > 0 && (
        <ul class="servers">
          {policy.servers.map(server => (
            <li key={server.name} class={server.isUp ? '' : 'down'}>
              <b>{server.name}</b>
              <svg class="gauge" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
                <rect width={Math.min(100, (100 * server.weight) / Math.max(1, server.initialWeight))} height="1" />
              </svg>
              <span>
                weight {server.weight}
                {server.weight !== server.initialWeight && ` of ${server.initialWeight}`},{' '}
                {server.isUp ? formatValue('seconds', server.latencySeconds) : 'takes no requests'}
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Actions({ actions }: { actions: readonly Action[] }) {
  const time = useStore(now);
  if (actions.length === 0) return <p class="calm">Nothing was done yet.</p>;
  return (
    <div class="scroll moves-box" tabIndex={0} role="region" aria-label="Actions">
      <table class="data words">
        <thead>
          <tr>
            <th scope="col">when</th>
            <th scope="col">policy</th>
            <th scope="col">target</th>
            <th scope="col">weight</th>
            <th scope="col">state</th>
            <th scope="col">why</th>
          </tr>
        </thead>
        <tbody>
          {actions.map(action => (
            <tr key={action.id} data-action={action.id}>
              <td title={formatDateTime(secondsOf(action.decidedAt))}>{formatAge(time - secondsOf(action.decidedAt))} ago</td>
              <td>{action.policy}</td>
              <td title={action.target}>{action.target.slice(action.target.lastIndexOf(' ') + 1)}</td>
              <td>
                {action.oldValue} → {action.newValue}
              </td>
              <td>
                <span class={`pill ${actionPills[action.state] ?? ''}`}>{actionWords[action.state] ?? action.state}</span>
              </td>
              <td class="why">
                {sentence(action.reason)}
                {action.endsAt !== null && ` It ends by itself in ${formatAge(Math.max(0, secondsOf(action.endsAt) - time))}.`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
