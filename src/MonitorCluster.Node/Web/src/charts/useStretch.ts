import { useEffect, useMemo, useState } from 'preact/hooks';
import { queryRange, type Matrix } from '../data/api';
import { nodeNow, session } from '../data/live';
import { wordsOf } from '../data/poll';
import { useStore } from '../data/store';
import { align, Frame, grid, type Aligned, type Row } from './frame';
import { stepOf, type Loaded } from './useFrame';

// A stretch of time that has a beginning and an end (or goes on until now, and is then asked for again every so often).
export function useStretch(expressions: readonly string[], from: number, to: number | null, refreshSeconds: number, toRow: (series: Aligned) => Row): Loaded {
  const key = JSON.stringify([expressions, from, to]);
  const frame = useMemo(() => new Frame(60, 1), [key]);
  const [result, setResult] = useState<Loaded>({ frame, state: 'loading' });
  const connected = useStore(session);
  useEffect(() => {
    const abort = new AbortController();
    let timer: number | undefined;
    const load = async () => {
      // Never beyond now: a series is held for a while, and would be drawn into the future.
      const now = nodeNow();
      const end = Math.floor(Math.min(to ?? now, now));
      const step = stepOf(Math.max(60, end - from));
      const times = grid(end - Math.floor((end - from) / step) * step, end, step);
      try {
        const matrix = document.hidden ? null : await first(expressions, times[0] ?? from, end, step, abort.signal);
        if (matrix !== null) {
          frame.windowSeconds = Math.max(60, end - from);
          frame.load(times, align(matrix, times, step).map(toRow));
          setResult({ frame, state: 'ready' });
        }
      } catch (e) {
        if (!abort.signal.aborted) setResult({ frame, state: 'failed', problem: wordsOf(e) });
      }

      if ((to === null || to > nodeNow()) && !abort.signal.aborted) timer = setTimeout(load, refreshSeconds * 1000);
    };
    void load();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [frame, connected]);
  return result.frame === frame ? result : { frame, state: 'loading' };
}

// The first expression with an answer: a rate needs a longer look back where samples are far apart.
async function first(expressions: readonly string[], start: number, end: number, step: number, signal: AbortSignal): Promise<Matrix[]> {
  for (const text of expressions) {
    const answer = await queryRange(text, start, end, step, signal);
    if (answer.resultType === 'matrix' && answer.result.length > 0) return answer.result;
  }

  return [];
}
