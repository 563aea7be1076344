import { useState } from 'preact/hooks';
import { formatAge, formatCount } from '../format';
import { verdicts } from './api';
import { pulse } from './hosts';
import { usePolled } from './poll';

// How many series detection watches, and how many of them it still learns.

export interface Watching {
  unusual: number;
  learning: number;
  learningSecondsLeft: number;
  // Judged series; null when there are more than were asked for.
  watched: number | null;
}

// Unusual and learning series come first: of a node with more series than this, these counts are still exact as a rule.
const askedFor = 1000;

async function watching(signal: AbortSignal): Promise<Watching> {
  const all = await verdicts({ all: true, limit: askedFor }, signal);
  const learning = all.filter(verdict => verdict.phase === 'learning');
  return {
    unusual: all.filter(verdict => verdict.phase === 'unusual').length,
    learning: learning.length,
    learningSecondsLeft: learning.reduce((most, verdict) => Math.max(most, verdict.learningSecondsLeft ?? 0), 0),
    watched: all.length < askedFor ? all.filter(verdict => verdict.phase !== 'unjudged').length : null,
  };
}

// Seldom, for the answer is long where there are many series; while some learn, often enough to see them finish.
export function useWatching(): Watching | null {
  const [seconds, setSeconds] = useState(60);
  const { data } = usePolled('watching', seconds, watching);
  const wanted = (data?.learning ?? 0) > 0 ? 15 : 60;
  if (wanted !== seconds) setSeconds(wanted);
  return data;
}

// "86 series are watched; 12 still learn, longest 3 min."
export function watchingWords({ watched, learning, learningSecondsLeft }: Watching): string {
  // The flow's count has those in it that nobody judges; that is near enough where there are thousands.
  const many = watched ?? pulse.value?.series ?? null;
  const some = watched === null ? 'Some ' : '';
  const count = many === null ? `Over ${formatCount(askedFor)} series are` : many === 1 ? '1 series is' : `${some}${formatCount(many)} series are`;
  const longest = learningSecondsLeft < 60 ? formatAge(learningSecondsLeft) : `${Math.ceil(learningSecondsLeft / 60)} min`;
  const number = learning >= askedFor ? `over ${formatCount(askedFor)}` : formatCount(learning);
  const learn = learning === 0 ? '' : `; ${number} still learn${learning === 1 ? 's' : ''}${learningSecondsLeft > 0 ? `, longest ${longest}` : ''}`;
  return `${count} watched${learn}.`;
}
