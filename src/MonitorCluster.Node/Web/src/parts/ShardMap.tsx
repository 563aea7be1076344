import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { colours, tint, type Colours } from '../charts/theme';
import type { Cluster, Shard } from '../data/api';
import type { Move } from '../data/optimiser';
import { useStore } from '../data/store';
import { formatCount, formatValue } from '../format';
import { statusOf } from './NodeLoads';
import { countOf } from './words';

// Above so many shards the empty ones are only counted.
const drawAllUpTo = 4096;
// Widths of a cell with its gap, by how many are drawn.
const pitches: [count: number, pitch: number][] = [
  [512, 15],
  [1536, 12],
  [4096, 9],
  [16384, 6],
  [Infinity, 4],
];
const busiest = 15;
// Beside the canvas, that the frame of the focus is seen whole.
const focusRoom = 2;

interface Group {
  // Null: nobody owns them.
  owner: string | null;
  shards: Shard[];
  total: number;
  samples: number | null;
}

// Every shard as a cell, by owner: the darker the more samples it takes, marked while it moves.
export function ShardMap({ state, wanted }: { state: Cluster; wanted: readonly Move[] }) {
  const [picked, setPicked] = useState<number | null>(null);
  const targets = useMemo(() => new Map(wanted.filter(isAhead).map(move => [move.shard, move.to])), [wanted]);
  const groups = useMemo(() => group(state, targets), [state, targets]);
  const drawn = groups.reduce((sum, one) => sum + one.shards.length, 0);
  const most = useMemo(() => state.shards.reduce((max, shard) => Math.max(max, shard.samplesPerSecond ?? 0), 0), [state]);
  const pitch = pitches.find(([count]) => drawn <= count)?.[1] ?? 4;
  const shown = picked === null ? undefined : state.shards.find(shard => shard.id === picked);
  return (
    <section class="card shard-map" aria-labelledby="map-title">
      <header class="card-head">
        <h2 id="map-title">Shards</h2>
        <span class="about">
          {drawn < state.shards.length ? `${formatCount(state.shards.length)}, of which ${formatCount(drawn)} hold series or move` : formatCount(drawn)}
        </span>
      </header>
      <p class="keys">
        <Key kind="empty" text="no samples" />
        <Key kind="some" text="some" />
        <Key kind="most" text={`${formatValue('number', most)} samples/s`} />
        <Key kind="unknown" text="not known" />
        <Key kind="moving" text="moves, or is to" />
      </p>
      <p class="picked" aria-hidden="true">
        {shown === undefined ? 'Point at a shard, or reach a node’s shards with Tab and go through them with the arrow keys.' : wordsOf(shown, targets)}
      </p>
      {groups.map(one => (
        <div class="map-row" key={one.owner ?? ''}>
          <div class="map-owner">
            <b class={one.owner === null ? 'bad-text' : ''}>{one.owner ?? 'no owner'}</b>
            {one.owner !== null && statusOf(state.members, one.owner) !== 'active' && (
              <span class={`pill ${statusOf(state.members, one.owner)}`}>{statusOf(state.members, one.owner)}</span>
            )}
            <span class="about">
              {countOf(one.total, 'shard')}
              {one.total > one.shards.length && `, ${formatCount(one.total - one.shards.length)} of them empty`}
              {one.samples !== null && `, ${formatValue('number', one.samples)} samples/s`}
            </span>
          </div>
          <Cells shards={one.shards} label={`Shards of ${one.owner ?? 'nobody'}`} {...{ most, pitch, targets, picked, setPicked }} />
        </div>
      ))}
      <Busiest shards={state.shards} />
    </section>
  );
}

function Key({ kind, text }: { kind: string; text: string }) {
  return (
    <span>
      <i class={`swatch cell-${kind}`} aria-hidden="true" />
      {text}
    </span>
  );
}

interface CellsProps {
  shards: readonly Shard[];
  label: string;
  most: number;
  pitch: number;
  targets: ReadonlyMap<number, string>;
  picked: number | null;
  setPicked: (id: number | null) => void;
}

// One node's shards on a canvas: tens of thousands of elements would be too many for a page. To the keyboard it is a slider over its shards.
function Cells({ shards, label, most, pitch, targets, picked, setPicked }: CellsProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const theme = useStore(colours);
  const columns = Math.max(1, Math.floor(width / pitch));
  const at = shards.findIndex(shard => shard.id === picked);
  useEffect(() => {
    const box = canvas.current?.parentElement;
    if (!box) return;
    const observer = new ResizeObserver(() => setWidth(box.clientWidth - focusRoom));
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (canvas.current && width > 0) draw(canvas.current, { shards, most, pitch, columns, width, targets, at, theme });
  }, [shards, most, pitch, columns, width, targets, at, theme]);

  const pointed = (event: PointerEvent) => {
    const x = Math.floor(event.offsetX / pitch);
    const shard = x < columns ? shards[Math.floor(event.offsetY / pitch) * columns + x] : undefined;
    if (shard !== undefined) setPicked(shard.id);
  };
  const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -shards.length, End: shards.length };
  const typed = (event: KeyboardEvent) => {
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = shards[Math.max(0, Math.min(shards.length - 1, Math.max(0, at) + step))];
    if (next !== undefined) setPicked(next.id);
  };
  const now = shards[at];
  return (
    <div class="cells">
      {shards.length > 0 && (
        <canvas
          ref={canvas}
          tabIndex={0}
          role="slider"
          aria-label={label}
          aria-valuemin={1}
          aria-valuemax={shards.length}
          aria-valuenow={Math.max(0, at) + 1}
          aria-valuetext={now === undefined ? countOf(shards.length, 'shard') : wordsOf(now, targets)}
          onPointerMove={pointed}
          onPointerDown={pointed}
          onFocus={() => {
            if (at < 0 && shards[0] !== undefined) setPicked(shards[0].id);
          }}
          onKeyDown={typed}
        />
      )}
    </div>
  );
}

interface Drawing extends Omit<CellsProps, 'label' | 'picked' | 'setPicked'> {
  columns: number;
  width: number;
  at: number;
  theme: Colours;
}

function draw(canvas: HTMLCanvasElement, { shards, most, pitch, columns, width, targets, at, theme }: Drawing): void {
  const dots = window.devicePixelRatio || 1;
  const height = Math.ceil(shards.length / columns) * pitch;
  canvas.width = Math.round(width * dots);
  canvas.height = Math.round(height * dots);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const ink = canvas.getContext('2d');
  if (ink === null) return;
  ink.scale(dots, dots);
  const gap = pitch > 8 ? 2 : 1;
  const side = pitch - gap;
  // Shades of one colour; more than these nobody tells apart.
  const shades = Array.from({ length: 9 }, (_, i) => tint(theme.series[0] ?? '', theme.surface, 0.18 + 0.82 * (i / 8)));
  shards.forEach((shard, i) => {
    const x = (i % columns) * pitch;
    const y = Math.floor(i / columns) * pitch;
    const flow = shard.samplesPerSecond;
    const isMoving = shard.target !== null || targets.has(shard.id);
    ink.fillStyle = flow === null ? (theme.series[8] ?? '') : flow <= 0 || most <= 0 ? theme.grid : (shades[Math.round(8 * Math.sqrt(flow / most))] ?? '');
    if (isMoving && pitch < 9) ink.fillStyle = theme.mark;
    ink.fillRect(x, y, side, side);
    if (isMoving && pitch >= 9) frame(ink, theme.mark, x, y, side, 2);
  });
  if (at >= 0) frame(ink, theme.text, (at % columns) * pitch - gap / 2, Math.floor(at / columns) * pitch - gap / 2, side + gap, gap > 1 ? 2 : 1.5);
}

function frame(ink: CanvasRenderingContext2D, colour: string, x: number, y: number, side: number, thick: number): void {
  ink.strokeStyle = colour;
  ink.lineWidth = thick;
  ink.strokeRect(x + thick / 2, y + thick / 2, side - thick, side - thick);
}

// The same in words for who cannot see the map.
function Busiest({ shards }: { shards: readonly Shard[] }) {
  const top = useMemo(
    () =>
      shards
        .filter(shard => (shard.samplesPerSecond ?? 0) > 0)
        .sort((a, b) => (b.samplesPerSecond ?? 0) - (a.samplesPerSecond ?? 0))
        .slice(0, busiest),
    [shards],
  );
  if (top.length === 0) return null;
  return (
    <details>
      <summary>the busiest as table</summary>
      <div class="scroll">
        <table class="data">
          <thead>
            <tr>
              <th scope="col">shard</th>
              <th scope="col">owner</th>
              <th scope="col">series</th>
              <th scope="col">samples/s</th>
            </tr>
          </thead>
          <tbody>
            {top.map(shard => (
              <tr key={shard.id}>
                <th scope="row">{shard.id}</th>
                <td>{shard.owner ?? 'nobody'}</td>
                <td>{formatCount(shard.series)}</td>
                <td>{formatValue('number', shard.samplesPerSecond)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function group({ shards, members }: Cluster, targets: ReadonlyMap<number, string>): Group[] {
  const all = shards.length <= drawAllUpTo;
  const byOwner = new Map<string | null, Group>();
  for (const { name, status } of members)
    if (status !== 'dead') byOwner.set(name, { owner: name, shards: [], total: 0, samples: null });
  for (const shard of shards) {
    let own = byOwner.get(shard.owner);
    if (own === undefined) byOwner.set(shard.owner, (own = { owner: shard.owner, shards: [], total: 0, samples: null }));
    own.total++;
    if (shard.samplesPerSecond !== null) own.samples = (own.samples ?? 0) + shard.samplesPerSecond;
    const isEmpty = (shard.series ?? 0) === 0 && (shard.samplesPerSecond ?? 0) === 0;
    if (all || !isEmpty || shard.target !== null || targets.has(shard.id)) own.shards.push(shard);
  }

  // Those that nobody owns first: they are what somebody has to see.
  return [...byOwner.values()].sort((a, b) =>
    a.owner === null ? -1 : b.owner === null ? 1 : a.owner.localeCompare(b.owner, 'en', { numeric: true }),
  );
}

function isAhead(move: Move): boolean {
  return move.progress === undefined || move.progress === 'wanted' || move.progress === 'moving';
}

function wordsOf(shard: Shard, targets: ReadonlyMap<number, string>): string {
  const planned = targets.get(shard.id);
  const way = shard.target !== null ? `, moving to ${shard.target}` : planned !== undefined ? `, to be moved to ${planned}` : '';
  const flow = `${formatValue('number', shard.samplesPerSecond)} samples/s`;
  const numbers = shard.series === null ? 'numbers not known' : `${countOf(shard.series, 'series')}, ${flow}`;
  return `Shard ${shard.id}, ${shard.owner ?? 'no owner'}: ${numbers}${way}`;
}
