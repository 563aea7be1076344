import { useCallback, useEffect, useState } from 'preact/hooks';
import { ApiError } from './api';
import { paused } from './live';
import { useStore } from './store';

export interface Polled<T> {
  // The last good answer, kept while later ones fail.
  data: T | null;
  problem: string;
  // The node's status for the last failure, 0 when it did not answer.
  status: number;
  reload: () => void;
}

// An answer that is asked for again every so often: not while the page is hidden or paused, and never twice at once. 0 seconds asks once.
export function usePolled<T>(key: string, seconds: number, ask: (signal: AbortSignal) => Promise<T>): Polled<T> {
  const [state, setState] = useState<{ key: string; data: T | null; problem: string; status: number }>({ key, data: null, problem: '', status: 0 });
  const [round, setRound] = useState(0);
  const held = useStore(paused);
  useEffect(() => {
    if (held) return;
    const abort = new AbortController();
    let timer: number | undefined;
    const again = () => {
      if (seconds > 0 && !abort.signal.aborted) timer = setTimeout(load, seconds * 1000);
    };
    const load = () => {
      if (document.hidden) return again();
      ask(abort.signal).then(
        data => {
          if (!abort.signal.aborted) setState({ key, data, problem: '', status: 200 });
          again();
        },
        (e: unknown) => {
          if (!abort.signal.aborted)
            setState(old => ({ key, data: old.key === key ? old.data : null, problem: wordsOf(e), status: e instanceof ApiError ? e.status : 0 }));
          again();
        },
      );
    };
    load();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [key, seconds, round, held]);
  const reload = useCallback(() => setRound(n => n + 1), []);
  return state.key === key ? { ...state, reload } : { data: null, problem: '', status: 0, reload };
}

export interface Said {
  text: string;
  bad: boolean;
}

// Something that a button asks the node to do, and what came of it, in words.
export function useAction(): { busy: boolean; said: Said | null; run: (act: () => Promise<string>) => void } {
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<Said | null>(null);
  const run = (act: () => Promise<string>) => {
    setBusy(true);
    setSaid(null);
    act()
      .then(
        text => setSaid({ text, bad: false }),
        (e: unknown) => setSaid({ text: wordsOf(e), bad: true }),
      )
      .finally(() => setBusy(false));
  };
  return { busy, said, run };
}

// A browser's own words for a node that is gone help nobody.
export function wordsOf(e: unknown): string {
  if (e instanceof ApiError) return e.message;
  if (e instanceof DOMException && e.name === 'TimeoutError') return 'The node did not answer in time.';
  if (e instanceof TypeError) return 'The node does not answer.';
  return e instanceof Error ? e.message : String(e);
}
