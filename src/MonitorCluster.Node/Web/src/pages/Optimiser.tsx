import { useState } from 'preact/hooks';
import * as api from '../data/api';
import { secondsOf } from '../data/alerts';
import { cluster } from '../data/live';
import { actuations } from '../data/actuations';
import * as load from '../data/optimiser';
import { usePolled } from '../data/poll';
import { now, useStore } from '../data/store';
import { formatAge, formatValue } from '../format';
import { History, Proposed, Running } from '../parts/LoadPlans';
import { NodeLoads } from '../parts/NodeLoads';
import { OptimiserActions } from '../parts/OptimiserActions';
import { ShardMap } from '../parts/ShardMap';
import { WatchedServices } from '../parts/WatchedServices';
import { sentence } from '../parts/words';

const refreshSeconds = 5;
// While something moves people watch it.
const movingSeconds = 2;
// An answer that names very many shards is megabytes: it is asked for less often.
const manyShards = 4096;
const manySeconds = 15;
// The store has a plan a moment after the answer that it is made.
const writtenMs = 1500;
// Where the node's trigger begins to count, and below what share of its processors it leaves everything as it is: its TriggerLimits.
const evenUpTo = 1.15;
const idleUpTo = 0.3;
const noMoves: load.Move[] = [];

export function Optimiser() {
  const known = useStore(cluster);
  const [proposal, setProposal] = useState<load.Proposal | null>(null);
  const [fast, setFast] = useState(false);
  const loaded = usePolled('optimiser', fast ? movingSeconds : refreshSeconds, async signal => {
    const answer = await load.optimiser(signal);
    setFast(answer.plans.some(load.isUnderWay));
    return answer;
  });
  const many = (known?.shards.length ?? 0) > manyShards;
  const members = usePolled('members', many ? manySeconds : fast ? movingSeconds : refreshSeconds, async signal => {
    const answer = await api.cluster(signal);
    cluster.set(answer);
    return answer.version;
  });
  const services = usePolled('actuations', refreshSeconds, actuations);
  const seen = loaded.data;
  const running = seen?.plans.find(load.isUnderWay);
  // Of a plan without moves what it expects is the present again, by slower means: it would look like a change.
  const expected = (proposal?.moves.length ? proposal.predicted : null) ?? running?.predicted ?? null;
  const wanted = proposal?.moves ?? (running?.state === 'rollingBack' ? running.undo : running?.moves) ?? noMoves;
  const problem = loaded.problem || members.problem || services.problem;
  return (
    <main class="page">
      {problem !== '' && (
        <p class="error" role="alert">
          {problem}
        </p>
      )}
      {seen === null ? (
        problem === '' && (
          <section class="card">
            <p class="calm">Loading …</p>
          </section>
        )
      ) : (
        <>
          <Standing seen={seen} members={known?.members ?? []} />
          <OptimiserActions
            seen={seen}
            running={running}
            planned={made => setProposal(made !== null && made.moves.length + made.giants.length > 0 ? made : null)}
            done={() => {
              setProposal(null);
              loaded.reload();
              setTimeout(loaded.reload, writtenMs);
            }}
          />
          {running !== undefined && <Running plan={running} />}
          {proposal !== null && <Proposed proposal={proposal} before={seen.report?.now ?? null} drop={() => setProposal(null)} />}
        </>
      )}
      {(seen?.report || known !== null) && <NodeLoads now={seen?.report?.now ?? null} expected={expected} state={known} />}
      {known !== null && <ShardMap state={known} wanted={wanted} />}
      {services.data !== null && <WatchedServices seen={services.data} />}
      {seen !== null && <History plans={seen.plans.filter(plan => plan !== running)} />}
    </main>
  );
}

// How it stands, in words; then the numbers that decide.
function Standing({ seen, members }: { seen: load.Optimiser; members: readonly api.Member[] }) {
  const time = useStore(now);
  const { report, pause } = seen;
  const picture = report?.now ?? null;
  const alone = members.filter(member => member.status === 'active').length === 1;
  const [kind, words] = headline(seen, alone);
  // A pause is told with its note below; the node's sentence would say the same again.
  const why = report?.state === 'paused' ? '' : isOff(seen) ? offWords : report?.why || seen.text;
  return (
    <>
      <div class="standing" role="status">
        <h1 class={`verdict ${kind}`}>
          <i aria-hidden="true" />
          <span>{words}</span>
        </h1>
        {why !== '' && <p class="reason">{sentence(why)}</p>}
        {pause.isPaused && (
          <p class="reason">
            Paused by {pause.by || 'somebody'}
            {pause.since !== null && ` ${formatAge(time - secondsOf(pause.since))} ago`}
            {pause.note ? `: ${pause.note}` : ''}
          </p>
        )}
      </div>
      {report !== null && (
        <dl class="tiles load-tiles">
          <Tile
            name="Imbalance"
            title="The hottest node’s load by the mean of all"
            value={picture === null || alone || picture.totalCpu <= 0 ? '–' : picture.imbalance.toFixed(2)}
            note={alone ? 'nobody to compare with' : '1 is even'}
          />
          <Tile name="Hottest node" value={picture === null ? '–' : formatValue('percent', picture.hottestCpu * 100)} note="of its processors in use" />
          <Tile name="All nodes" value={formatValue('number', picture?.totalCpu)} note="cores in use" />
          <Tile name="Messages wait" value={formatValue('seconds', picture?.mailboxDelay)} note="at most, 99 of 100" />
          <Pressure value={report.pressure} idle={picture !== null && picture.hottestCpu <= idleUpTo} />
          <Tile name="Watched by" value={report.controller} note="the controller" />
        </dl>
      )}
    </>
  );
}

function Tile({ name, value, note, title }: { name: string; value: string; note: string; title?: string }) {
  return (
    <div class="tile" title={title}>
      <dt>{name}</dt>
      <dd>
        <b>{value}</b> <span>{note}</span>
      </dd>
    </div>
  );
}

// What has gathered towards the next plan: uneven load fills it, even load empties it.
function Pressure({ value, idle }: { value: number; idle: boolean }) {
  const share = Math.max(0, Math.min(1, value / load.pressureMax));
  if (idle) return <Tile name="Towards the next plan" value="–" note="too little load to balance" />;
  return (
    <div class="tile" title="Uneven load fills it, even load empties it; when it is full, a plan is made.">
      <dt id="pressure">Towards the next plan</dt>
      <dd>
        <b>{formatValue('percent', Math.round(share * 100))}</b>
        <svg
          class={`gauge ${share >= 1 ? 'full' : ''}`}
          viewBox="0 0 100 1"
          preserveAspectRatio="none"
          role="meter"
          aria-labelledby="pressure"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(share * 100)}
        >
          <rect width={share * 100} height="1" />
        </svg>
      </dd>
    </div>
  );
}

const actingWords: Record<string, string> = {
  verifying: 'Load was moved; now it is seen whether that helped.',
  rollingBack: 'A plan is being undone.',
};

function headline({ text, report, plans }: load.Optimiser, alone: boolean): [kind: string, words: string] {
  if (report === null) return isOff({ text, report }) ? ['', 'The optimiser is switched off.'] : ['warning', 'Nobody watches the load just now.'];
  switch (report.state) {
    case 'acting':
      return ['good', actingWords[plans.find(load.isUnderWay)?.state ?? ''] ?? 'Load is being moved.'];
    case 'paused':
      return ['warning', 'Paused: nothing is moved for balance until somebody resumes.'];
    case 'suspended':
      return ['warning', 'Suspended: plans failed, and none is made until somebody looks and resumes.'];
    case 'blind':
      return alone ? ['good', 'One node has nobody to share with.'] : ['', 'The loads are not known yet.'];
    case 'off':
      return ['', 'The optimiser is switched off.'];
    default:
      if (alone) return ['good', 'One node has nobody to share with.'];
      if (report.now === null || report.now.imbalance <= evenUpTo || report.now.hottestCpu <= idleUpTo) return ['good', 'Nothing needs to move.'];
      if (report.pressure < load.pressureMax) return ['good', 'Load is uneven; if it stays so, a plan is made.'];
      return ['warning', 'Load is uneven; a plan has to wait.'];
  }
}

const offWords = 'This node neither measures nor balances load (Optimise:Enabled). Shards of nodes that leave or die are moved all the same.';

function isOff({ text, report }: load.Answer): boolean {
  return report === null && text.includes('Optimise:Enabled');
}
