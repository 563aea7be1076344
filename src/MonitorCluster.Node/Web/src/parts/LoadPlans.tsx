import { secondsOf } from '../data/alerts';
import type { Move, Picture, Plan, Proposal } from '../data/optimiser';
import { isUnderWay } from '../data/optimiser';
import { now, useStore } from '../data/store';
import { formatAge, formatDateTime, formatValue } from '../format';
import { countOf, sentence } from './words';

const movesAtMost = 100;

const stateWords: Record<string, string> = {
  proposed: 'about to begin',
  applying: 'moving shards',
  verifying: 'moved, being judged',
  rollingBack: 'being undone',
  kept: 'helped',
  neutral: 'changed little',
  rolledBack: 'undone',
  cancelled: 'given up',
};
const statePills: Record<string, string> = { kept: 'active', rolledBack: 'pending', rollingBack: 'pending' };
const kindWords: Record<string, string> = {
  balance: 'for balance',
  urgent: 'a node was at its limit',
  operator: 'asked for',
  undo: 'undoes an earlier plan',
};
const progressWords: Record<string, string> = { wanted: 'to do', moving: 'moving', done: 'moved', failed: 'given up' };
const progressPills: Record<string, string> = { moving: 'acknowledged', done: 'active', failed: 'pending' };

// The plan that runs, with how far each of its moves is.
export function Running({ plan }: { plan: Plan }) {
  const time = useStore(now);
  const moves = plan.state === 'rollingBack' ? plan.undo : plan.moves;
  const ended = moves.filter(move => move.progress === 'done' || move.progress === 'failed').length;
  return (
    <section class="card" aria-labelledby="running-title" data-plan={plan.id}>
      <header class="card-head">
        <h2 id="running-title">Plan {plan.id}</h2>
        <State plan={plan} />
        <span class="about">
          {ended} of {countOf(moves.length, 'move')} ended, begun {formatAge(time - secondsOf(plan.createdAt))} ago
        </span>
      </header>
      <svg class="gauge wide-gauge" viewBox={`0 0 ${Math.max(1, moves.length)} 1`} preserveAspectRatio="none" aria-hidden="true">
        <rect width={ended} height="1" />
      </svg>
      <Whys plan={plan} />
      <Imbalances plan={plan} />
      <Moves moves={moves} />
    </section>
  );
}

interface ProposedProps {
  proposal: Proposal;
  before: Picture | null;
  drop: () => void;
}

// What a plan of this moment would do. It is not kept anywhere but here.
export function Proposed({ proposal, before, drop }: ProposedProps) {
  const { moves, predicted, lowerBound, giants, whyNot, brakes } = proposal;
  return (
    <section class="card proposal" aria-labelledby="proposal-title">
      <header class="card-head">
        <h2 id="proposal-title">What a plan would do</h2>
        <span class="about">nothing of it was moved</span>
        <button type="button" class="quiet more" onClick={drop}>
          Close
        </button>
      </header>
      {moves.length === 0 ? (
        <p class="reason">{sentence(whyNot || 'there is nothing to move')}</p>
      ) : (
        <p class="reason">
          {sentence(
            `${countOf(moves.length, 'move')} (no plan could do with fewer than ${lowerBound}) would bring the imbalance from ` +
              `${number(before?.imbalance)} to ${number(predicted.imbalance)}, for ${formatValue('seconds', proposal.costSeconds)} of processor time`,
          )}
        </p>
      )}
      {brakes !== '' && moves.length > 0 && <p class="about">{sentence(brakes)}</p>}
      {giants.length > 0 && (
        <ul class="giants">
          {giants.map(giant => (
            <li key={giant}>{sentence(giant)}</li>
          ))}
        </ul>
      )}
      <Moves moves={moves} />
    </section>
  );
}

export function History({ plans }: { plans: readonly Plan[] }) {
  return (
    <section class="card" aria-labelledby="history-title">
      <header class="card-head">
        <h2 id="history-title">Plans so far</h2>
        <span class="about">{plans.length > 0 ? 'the latest first' : ''}</span>
      </header>
      {plans.length === 0 && <p class="calm">None yet: a plan is made when load stays uneven, or when somebody applies one.</p>}
      <div class="plans">
        {plans.map(plan => (
          <PastPlan key={plan.id} plan={plan} />
        ))}
      </div>
    </section>
  );
}

function PastPlan({ plan }: { plan: Plan }) {
  const time = useStore(now);
  const moved = plan.moves.filter(move => move.progress === 'done').length;
  const at = secondsOf(plan.createdAt);
  return (
    <details data-plan={plan.id}>
      <summary>
        <b>Plan {plan.id}</b>
        <State plan={plan} />
        <span>{kindWords[plan.kind] ?? plan.kind}</span>
        <span>
          {moved === plan.moves.length ? countOf(moved, 'shard') : `${moved} of ${countOf(plan.moves.length, 'shard')}`} moved
        </span>
        <Imbalances plan={plan} />
        <time title={formatDateTime(at)}>{formatAge(time - at)} ago</time>
      </summary>
      <Whys plan={plan} />
      <Moves moves={plan.moves} />
      {plan.undo.length > 0 && <Moves moves={plan.undo} title="Moved back" />}
    </details>
  );
}

function State({ plan }: { plan: Plan }) {
  return <span class={`pill ${statePills[plan.state] ?? (isUnderWay(plan) ? 'acknowledged' : '')}`}>{stateWords[plan.state] ?? plan.state}</span>;
}

function Whys({ plan }: { plan: Plan }) {
  return (
    <>
      <p class="why">{sentence(plan.trigger)}</p>
      {plan.why && <p class="why">{sentence(plan.why)}</p>}
    </>
  );
}

function Imbalances({ plan }: { plan: Plan }) {
  return (
    <span class="imbalances">
      imbalance {number(plan.before?.imbalance)} → {number(plan.predicted?.imbalance)} expected
      {plan.after !== null && (
        <>
          {' '}
          → <b>{number(plan.after.imbalance)}</b> measured
        </>
      )}
    </span>
  );
}

// What moves now first, then what is to be moved, then what has ended; within those the most useful first, as the node says them.
const progressOrder = ['moving', 'wanted', 'failed', 'done'];

function Moves({ moves, title = 'Moves' }: { moves: readonly Move[]; title?: string }) {
  if (moves.length === 0) return null;
  const hasProgress = moves.some(move => move.progress !== undefined);
  const rank = (move: Move) => progressOrder.indexOf(move.progress ?? '');
  const shown = [...moves].sort((a, b) => rank(a) - rank(b)).slice(0, movesAtMost);
  return (
    <div class="scroll moves-box" tabIndex={0} role="region" aria-label={title}>
      <p class="hint">
        {title}: {waysOf(moves)}
        {moves.length > shown.length && `; ${shown.length} of them are listed`}
      </p>
      <table class="data words">
        <thead>
          <tr>
            <th scope="col">shard</th>
            <th scope="col">from</th>
            <th scope="col">to</th>
            {hasProgress && <th scope="col">state</th>}
            <th scope="col">gain</th>
            <th scope="col">why</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(move => (
            <tr key={move.shard}>
              <td>{move.shard}</td>
              <td>{move.from}</td>
              <td>{move.to}</td>
              {hasProgress && (
                <td>
                  <span class={`pill ${progressPills[move.progress ?? ''] ?? ''}`}>{progressWords[move.progress ?? ''] ?? move.progress}</span>
                </td>
              )}
              <td>{move.gain > 0 && move.gain < 0.001 ? '< 0.001' : move.gain.toFixed(3)}</td>
              <td class="why">{move.reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function waysOf(moves: readonly Move[]): string {
  const ways = new Map<string, number>();
  for (const { from, to } of moves) ways.set(`${from} → ${to}`, (ways.get(`${from} → ${to}`) ?? 0) + 1);
  return [...ways].map(([way, count]) => `${way} ${countOf(count, 'shard')}`).join(', ');
}

function number(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(2);
}
