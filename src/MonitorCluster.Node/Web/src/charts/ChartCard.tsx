import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { connection } from '../data/live';
import { seriesText } from '../data/promql';
import { useStore } from '../data/store';
import { formatClock, formatDateTime, formatValue } from '../format';
import type { Frame, Row } from './frame';
import { drawMarks, type Marks } from './marks';
import { colourOf, dataOf, options, type Look, type Span } from './plot';
import { colours } from './theme';
import { zoom } from './zoom';

interface Props {
  title: string;
  about?: string;
  frame: Frame;
  look: Look;
  legendRows: number;
  state: 'loading' | 'ready' | 'failed';
  problem?: string;
  marks?: Marks | null;
  children?: ComponentChildren;
}

// One chart: canvas, legend with the value now (or under the cursor), smallest and largest, and the same as a table.
export function ChartCard({ title, about, frame, look, legendRows, state, problem, marks, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const seen = useRef(true);
  const [version, setVersion] = useState(0);
  const [width, setWidth] = useState(0);
  const [cursor, setCursor] = useState<number | null>(null);
  const [off, setOff] = useState<ReadonlySet<string>>(new Set());
  const marked = useRef<Marks | null>(null);
  marked.current = marks ?? null;
  const palette = useStore(colours);
  const zoomed = useStore(zoom);
  const stale = useStore(connection).status === 'broken';

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const resized = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    const scrolled = new IntersectionObserver(
      ([entry]) => {
        seen.current = entry?.isIntersecting ?? true;
        if (seen.current) setVersion(v => v + 1);
      },
      { rootMargin: '200px' },
    );
    resized.observe(element);
    scrolled.observe(element);
    return () => {
      resized.disconnect();
      scrolled.disconnect();
    };
  }, []);

  // A chart that is scrolled out of sight keeps its data up to date and draws nothing.
  useEffect(
    () =>
      frame.onChange(() => {
        if (seen.current) setVersion(v => v + 1);
      }),
    [frame],
  );

  const shown = frame.rows.filter(row => !off.has(row.name));
  const shape = JSON.stringify([frame.rows.map(row => row.name), [...off]]);

  useEffect(() => {
    if (!box.current || width < 50) return;
    const span = (): Span => zoom.value ?? { from: frame.end - frame.windowSeconds, to: frame.end };
    const hooks: uPlot.Hooks.Arrays = {
      drawClear: [u => marked.current && drawMarks(u, marked.current, palette)],
      setCursor: [u => setCursor(u.cursor.idx ?? null)],
      setSelect: [
        u => {
          if (u.select.width < 6) return;
          zoom.set({ from: u.posToVal(u.select.left, 'x'), to: u.posToVal(u.select.left + u.select.width, 'x') });
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    };
    const made = new uPlot(options(look, frame, shown, width, palette, span, hooks, () => marked.current), dataOf(look, frame.times, shown), box.current);
    made.over.addEventListener('dblclick', () => zoom.set(null));
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = null;
    };
  }, [frame, width, palette, shape, look]);

  useEffect(() => plot.current?.setData(dataOf(look, frame.times, shown)), [version, zoomed, JSON.stringify(marks)]);

  const toggle = (name: string) =>
    setOff(old => {
      const next = new Set(old);
      if (!next.delete(name)) next.add(name);
      return next;
    });
  const at = cursor !== null && cursor < frame.times.length ? cursor : null;
  const rows = frame.rows.slice(0, legendAtMost).map(row => summary(row.ys, at));
  const shared = sharedLabels(frame.rows);
  const empty = frame.isEmpty;

  return (
    <section class="card chart" aria-label={title} data-state={state} data-newest={frame.times.at(-1) ?? 0}>
      <header class="card-head">
        <h2>{title}</h2>
        <span class="about">{shared.text || about}</span>
        {children}
      </header>
      <div class="plot" ref={box} style={{ height: `${look.height}px` }}>
        {empty && <p class="plot-note">{note(state, problem)}</p>}
      </div>
      <div class="legend-box" style={{ minHeight: `${(legendRows + 1) * 20}px` }}>
        <table class="legend">
          <thead>
            <tr>
              <th scope="col">{at === null ? '' : formatClock(frame.times[at] ?? 0)}</th>
              <th scope="col">{at !== null ? 'here' : marks?.span?.to != null ? 'end' : stale ? 'last' : 'now'}</th>
              <th scope="col">min</th>
              <th scope="col">max</th>
            </tr>
          </thead>
          <tbody>
            {frame.rows.slice(0, legendAtMost).map((row, i) => (
              <tr key={row.name} class={off.has(row.name) ? 'off' : ''}>
                <th scope="row">
                  <button type="button" aria-pressed={!off.has(row.name)} title={row.name} onClick={() => toggle(row.name)}>
                    <i class="swatch" style={{ background: colourOf(row, i, palette) }} />
                    {shared.nameOf(row)}
                  </button>
                </th>
                <td>{formatValue(look.unit, rows[i]?.current)}</td>
                <td>{formatValue(look.unit, rows[i]?.min)}</td>
                <td>{formatValue(look.unit, rows[i]?.max)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {(frame.hidden > 0 || frame.rows.length > legendAtMost) && (
        <p class="hint">
          {frame.rows.length} lines drawn, {Math.min(legendAtMost, frame.rows.length)} in the legend
          {frame.hidden > 0 && `; ${frame.hidden} more are left out: narrow the query`}.
        </p>
      )}
      {!empty && <ChartTable frame={frame} look={look} title={title} />}
    </section>
  );
}

const legendAtMost = 20;

// What all series have in common is said once, above them; each line then says only what makes it different.
function sharedLabels(rows: readonly Row[]): { text: string; nameOf: (row: Row) => string } {
  const first = rows[0]?.metric;
  if (first === undefined || rows.length < 2) return { text: '', nameOf: row => row.name };
  const common = new Set(Object.keys(first).filter(key => rows.every(row => row.metric?.[key] === first[key])));
  const pick = (row: Row, keep: boolean) => Object.fromEntries(Object.entries(row.metric ?? {}).filter(([key]) => common.has(key) === keep));
  const head = rows[0];
  return { text: head && common.size > 0 ? seriesText(pick(head, true)) : '', nameOf: row => seriesText(pick(row, false)) };
}

function note(state: Props['state'], problem: string | undefined): string {
  if (state === 'loading') return 'Loading …';
  return state === 'failed' ? (problem ?? 'This could not be loaded.') : 'Nothing was measured in this window.';
}

function summary(ys: readonly (number | null)[], at: number | null): { current: number | null; min: number | null; max: number | null } {
  let [min, max, last] = [Infinity, -Infinity, null as number | null];
  for (const y of ys) {
    if (y === null) continue;
    if (y < min) min = y;
    if (y > max) max = y;
    last = y;
  }

  const current = at === null ? (ys.at(-1) ?? null) : (ys[at] ?? null);
  return last === null ? { current, min: null, max: null } : { current, min, max };
}

// The chart's numbers for those who cannot or would not read a picture. Filled only while it is open.
function ChartTable({ frame, look, title }: { frame: Frame; look: Look; title: string }) {
  const [open, setOpen] = useState(false);
  const every = Math.max(1, Math.ceil(frame.times.length / 30));
  const picks = open
    ? frame.times
        .map((_, i) => i)
        .filter(i => (frame.times.length - 1 - i) % every === 0)
        .reverse()
    : [];
  const rows = frame.rows.slice(0, 10);
  return (
    <details onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>as table</summary>
      {open && (
        <div class="scroll">
          <table class="data">
            <caption class="sr">{title}, newest first</caption>
            <thead>
              <tr>
                <th scope="col">time</th>
                {rows.map(row => (
                  <th scope="col" key={row.name}>
                    {row.name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {picks.map(i => (
                <tr key={frame.times[i]}>
                  <th scope="row">{formatDateTime(frame.times[i] ?? 0)}</th>
                  {rows.map(row => (
                    <td key={row.name}>{formatValue(look.unit, row.ys[i])}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
