import { get, send } from './api';

// How load lies on the nodes at one moment, measured or predicted.
export interface Picture {
  // The hottest node's load by the mean; 1 is even.
  imbalance: number;
  // The largest share of a node's processors that is in use.
  hottestCpu: number;
  mailboxDelay: number | null;
  totalCpu: number;
  nodes: PlanNode[];
}
export interface PlanNode {
  name: string;
  // By what it can bear: 1 is 70 % of its processors or 80 % of its memory.
  load: number;
  cpu: number;
  memory: number;
  shards: number;
  samplesPerSecond: number | null;
}
export interface Move {
  shard: number;
  from: string;
  to: string;
  gain: number;
  reason: string;
  // Of a move that is only proposed there is none.
  progress?: string;
}
export interface Proposal {
  moves: Move[];
  predicted: Picture;
  lowerBound: number;
  costSeconds: number;
  giants: string[];
  whyNot: string;
  brakes: string;
}
export interface Report {
  controller: string;
  state: string;
  why: string;
  now: Picture | null;
  pressure: number;
  planId: number | null;
  proposal: Proposal | null;
}
export interface Plan {
  id: number;
  kind: string;
  state: string;
  trigger: string;
  createdAt: string;
  endedAt: string | null;
  why: string | null;
  before: Picture;
  predicted: Picture | null;
  after: Picture | null;
  moves: Move[];
  undo: Move[];
}
export interface Answer {
  text: string;
  report: Report | null;
}
export interface Optimiser extends Answer {
  pause: { isPaused: boolean; by: string | null; note: string | null; since: string | null };
  plans: Plan[];
}

// The trigger's sum over which a plan is made: the node's TriggerLimits.
export const pressureMax = 0.6;

const by = 'the page';

export function optimiser(signal?: AbortSignal): Promise<Optimiser> {
  return get('/api/v1/optimiser', {}, signal);
}

export function wish(what: 'plan' | 'apply' | 'rollback'): Promise<Answer> {
  return send('POST', `/api/v1/optimiser/${what}`, { by });
}

export function pause(what: 'pause' | 'resume', note: string): Promise<{ text: string }> {
  return send('POST', `/api/v1/optimiser/${what}`, { by, note });
}

const openStates = ['proposed', 'applying', 'verifying', 'rollingBack'];

export function isUnderWay(plan: Plan): boolean {
  return openStates.includes(plan.state);
}

// The plan that a roll back would undo: the one that runs, or else the newest that moved something and stayed.
export function undoable(plans: readonly Plan[]): Plan | undefined {
  const running = plans.find(isUnderWay);
  if (running !== undefined) return running;
  return plans.find(plan => plan.state !== 'rolledBack' && plan.moves.some(move => move.progress === 'done'));
}
