import uPlot from 'uplot';
import { formatClock, formatValue, type Unit } from '../format';
import type { Column, Frame, Row } from './frame';
import type { Marks } from './marks';
import { tint, type Colours } from './theme';

// Turns a frame into uPlot's options and data. Nothing here touches the page.

export interface Look {
  unit: Unit;
  stacked: boolean;
  floor: number;
  ceiling: number | null;
  height: number;
}
export interface Span {
  from: number;
  to: number;
}

export const syncKey = 'monitorcluster';
const axisWidth = 62;
// When the eight colours begin again, the line is drawn in another way.
const dashes = [[], [7, 3], [2, 3]];
// Bytes are scaled by 1,024: ticks at round numbers of them, too.
const binarySteps = Array.from({ length: 50 }, (_, i) => 2 ** i);

export function options(
  look: Look,
  frame: Frame,
  shown: readonly Row[],
  width: number,
  colours: Colours,
  span: () => Span,
  hooks: uPlot.Hooks.Arrays,
  marks: () => Marks | null,
): uPlot.Options {
  const axis = { stroke: colours.text, grid: { stroke: colours.grid, width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' };
  return {
    width,
    height: look.height,
    padding: [10, 18, 0, 0],
    pxAlign: 1,
    legend: { show: false },
    hooks,
    cursor: {
      sync: { key: syncKey, setSeries: false },
      drag: { x: true, y: false, setScale: false },
      points: { size: 6 },
      y: false,
    },
    scales: {
      x: { time: true, range: () => [span().from, span().to] },
      y: { range: (_, min, max) => range(look, min, max, marks()) },
    },
    axes: [
      { ...axis, size: 24, space: 70, values: (_, ticks) => ticks.map(t => (t % 60 === 0 ? formatClock(t).slice(0, 5) : formatClock(t))) },
      {
        ...axis,
        size: axisWidth,
        space: 30,
        gap: 4,
        ...(look.unit.startsWith('bytes') ? { incrs: binarySteps } : {}),
        values: (_, ticks) => ticks.map(y => formatValue(look.unit, y)),
      },
    ],
    series: [
      {},
      ...drawn(look, shown).map(row => {
        const at = frame.rows.indexOf(row);
        const stroke = colourOf(row, at, colours);
        return {
          stroke,
          dash: row.colour === undefined ? (dashes[Math.floor(at / 8) % dashes.length] ?? []) : [],
          width: look.stacked ? 1 : 1.6,
          points: { show: (u: uPlot, at: number) => isSparse(u.data[at]) },
          ...(look.stacked ? { fill: tint(stroke, colours.surface, 0.55) } : {}),
        };
      }),
    ],
  };
}

// In a stack the sum of all is drawn first, and every later area covers the part of it that belongs to those below.
export function drawn(look: Look, shown: readonly Row[]): Row[] {
  return look.stacked ? [...shown].reverse() : [...shown];
}

export function dataOf(look: Look, times: number[], shown: readonly Row[]): uPlot.AlignedData {
  if (!look.stacked) return [times, ...shown.map(row => row.ys)];
  let below: Column = times.map((_, i) => (shown.every(row => (row.ys[i] ?? null) === null) ? null : 0));
  const sums = shown.map(row => (below = below.map((sum, i) => (sum === null ? null : sum + (row.ys[i] ?? 0)))));
  return [times, ...sums.reverse()];
}

export function colourOf(row: Row, at: number, colours: Colours): string {
  const palette = colours.series;
  return palette[row.colour ?? Math.max(0, at) % (palette.length - 1)] ?? colours.text;
}

// One or two values make no line that could be seen: dots show them.
function isSparse(ys: ArrayLike<number | null | undefined> | undefined): boolean {
  let known = 0;
  for (let i = 0; i < (ys?.length ?? 0) && known < 3; i++) if (ys?.[i] !== null && ys?.[i] !== undefined) known++;
  return known < 3;
}

function range(look: Look, lowest: number | null, highest: number | null, marks: Marks | null): [number, number] {
  // What was expected is part of the picture, but a band as wide as the world must not press the line flat.
  const size = Math.max(Math.abs(lowest ?? 0), Math.abs(highest ?? 0));
  const ends = [...(marks?.band ?? []), ...(marks?.expected == null ? [] : [marks.expected])].filter(end => size === 0 || Math.abs(end) < 4 * size);
  const min = lowest === null ? null : Math.min(lowest, ...ends);
  const max = highest === null ? null : Math.max(highest, ...ends);
  const high = Math.max(look.floor, (max ?? 0) * 1.08);
  const low = Math.min(0, (min ?? 0) * 1.08);
  return [low, look.ceiling === null ? high || 1 : Math.max(Math.min(high, look.ceiling), look.floor)];
}
