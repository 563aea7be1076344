import { useEffect, useMemo, useState } from 'preact/hooks';
import { queryRange } from '../data/api';
import { nodeNow, paused, session, watch } from '../data/live';
import { useStore } from '../data/store';
import { align, alignPoint, Frame, grid, type Aligned, type Row } from './frame';

export interface Loaded {
  frame: Frame;
  state: 'loading' | 'ready' | 'failed';
  problem?: string;
}

// History by query_range, then live points of the same expressions, in one frame. `toRows` must depend on nothing but its argument and `key`.
export function useFrame(key: string, expressions: readonly string[], windowSeconds: number, toRows: (answers: Aligned[][]) => Row[]): Loaded {
  const step = stepOf(windowSeconds);
  const frame = useMemo(() => new Frame(windowSeconds, step), [key, windowSeconds]);
  const [result, setResult] = useState<{ frame: Frame; state: Loaded['state']; problem?: string }>({ frame, state: 'loading' });
  const connected = useStore(session);
  const isPaused = useStore(paused);

  useEffect(() => {
    if (isPaused) return;
    const abort = new AbortController();
    const end = Math.floor(nodeNow() / step) * step;
    const start = end - Math.ceil(windowSeconds / step) * step;
    Promise.all(expressions.map(text => queryRange(text, start, end, step, abort.signal)))
      .then(answers => {
        const times = grid(start, end, step);
        const aligned = answers.map(answer => align(answer.resultType === 'matrix' ? answer.result : [], times, step));
        frame.load(times, toRows(aligned));
        setResult({ frame, state: 'ready' });
      })
      .catch((e: unknown) => {
        if (!abort.signal.aborted) setResult({ frame, state: 'failed', problem: e instanceof Error ? e.message : String(e) });
      });
    return () => abort.abort();
  }, [frame, connected, isPaused]);

  // Expressions the node refused for history are not asked for each second.
  const refused = result.frame === frame && result.state === 'failed';
  useEffect(() => {
    if (isPaused || refused) return;
    return watch(expressions, (t, results) => frame.append(t, toRows(results.map(alignPoint))));
  }, [frame, isPaused, refused]);

  return result.frame === frame ? result : { frame, state: 'loading' };
}

// At most some 900 points across: what a screen can show, and a fraction of what the node allows.
export function stepOf(windowSeconds: number): number {
  return Math.max(1, Math.ceil(windowSeconds / 900));
}
