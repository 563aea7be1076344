import { useEffect, useState } from 'preact/hooks';

// A value with listeners. State which several parts of the page share lives in one of these.
export class Store<T> {
  private readonly listeners = new Set<() => void>();

  constructor(private current: T) {}

  get value(): T {
    return this.current;
  }

  set(next: T): void {
    if (Object.is(next, this.current)) return;
    this.current = next;
    for (const listener of [...this.listeners]) listener();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
}

export function useStore<T>(store: Store<T>): T {
  const [value, setValue] = useState<T>(() => store.value);
  useEffect(() => {
    const update = () => setValue(() => store.value);
    update();
    return store.subscribe(update);
  }, [store]);
  return value;
}

// The page's clock: one timer for every age that is shown, and none while the page is hidden.
export const now = new Store(Date.now() / 1000);

setInterval(() => {
  if (!document.hidden) now.set(Date.now() / 1000);
}, 1000);
