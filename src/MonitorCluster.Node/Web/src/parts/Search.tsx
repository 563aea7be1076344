import { useEffect, useRef, useState } from 'preact/hooks';
import { loadIndex, loadMetric, search, type Entry } from '../data/catalogue';
import { selectorOf } from '../data/promql';
import { go, hrefOf } from '../data/url';

// However many series there are, this many are shown: a longer list is not read, and a bounded one stays quick.
const shownAtMost = 60;

export function Search() {
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const [open, setOpen] = useState(false);
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const [state, setState] = useState<'idle' | 'loading' | 'ready' | 'failed'>('idle');
  const [, refresh] = useState(0);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== '/' || isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);

  const begin = () => {
    setOpen(true);
    if (state !== 'ready') setState('loading');
    loadIndex().then(
      () => setState('ready'),
      () => setState('failed'),
    );
  };
  const found = open && state === 'ready' ? search(text, shownAtMost) : null;
  const chosen = found?.entries[active];

  const change = (value: string) => {
    setText(value);
    setActive(0);
    if (value.length > 2)
      loadMetric(value.trim()).then(
        () => refresh(n => n + 1),
        () => undefined,
      );
  };
  const choose = (entry: Entry) => {
    go(hrefOf('/explore', { q: selectorOf(entry.labels) }));
    setOpen(false);
    setText('');
    input.current?.blur();
  };
  const move = (by: number) => {
    const count = found?.entries.length ?? 0;
    if (count === 0) return;
    const next = (active + by + count) % count;
    setActive(next);
    list.current?.children[next]?.scrollIntoView({ block: 'nearest' });
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') move(1);
    else if (event.key === 'ArrowUp') move(-1);
    else if (event.key === 'Enter' && chosen) choose(chosen);
    else if (event.key === 'Escape') input.current?.blur();
    else return;
    event.preventDefault();
  };

  return (
    <div class="search" role="search">
      <input
        ref={input}
        type="search"
        role="combobox"
        list={undefined}
        placeholder="Search metrics and labels"
        aria-label="Search metrics and labels"
        autocomplete="off"
        spellcheck={false}
        aria-expanded={open}
        aria-controls="search-results"
        aria-activedescendant={chosen ? `search-${active}` : undefined}
        value={text}
        onInput={event => change(event.currentTarget.value)}
        onFocus={begin}
        onBlur={() => setOpen(false)}
        onKeyDown={onKey}
      />
      <kbd aria-hidden="true">/</kbd>
      {open && (
        <div class="search-panel" onMouseDown={event => event.preventDefault()}>
          {found === null && <p class="hint">{state === 'failed' ? 'The list of series could not be loaded.' : 'Loading names …'}</p>}
          {found !== null && found.entries.length === 0 && <p class="hint">{text ? 'Nothing has all these words in its name or labels.' : 'No series yet.'}</p>}
          <ul id="search-results" role="listbox" ref={list}>
            {found?.entries.map((entry, i) => (
              <li
                key={`${entry.kind}${entry.text}`}
                id={`search-${i}`}
                role="option"
                aria-selected={i === active}
                onMouseMove={() => setActive(i)}
                onClick={() => choose(entry)}
              >
                <span class={`kind ${entry.kind}`}>{entry.kind}</span>
                <span class="mono">{entry.text}</span>
              </li>
            ))}
          </ul>
          {found !== null && found.total > 0 && (
            <p class="hint foot">
              {found.total > found.entries.length
                ? `The first ${found.entries.length} of ${found.total.toLocaleString('en-US')}: another word narrows it`
                : `${found.total} found`}
              {found.partial && ' (of the first 20,000 series; a metric name in full finds the rest)'}
              <span class="keys">↑ ↓ choose · Enter opens · Esc closes</span>
            </p>
          )}
        </div>
      )}
    </div>
  );
}

export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
