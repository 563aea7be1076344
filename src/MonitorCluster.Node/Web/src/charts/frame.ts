import type { Matrix } from '../data/api';
import type { LiveSeries } from '../data/live';
import type { Labels } from '../data/promql';

// Columns of numbers over one time axis: what a chart draws and a table lists.

export type Column = (number | null)[];
// Names are unique in a frame; the metric is given where lines are series as they are stored.
export interface Row {
  name: string;
  ys: Column;
  colour?: number;
  metric?: Labels;
}
// One series of an answer, with a value (or null) for each time of the grid.
export interface Aligned {
  metric: Labels;
  ys: Column;
}

export const seriesAtMost = 50;

export class Frame {
  times: number[] = [];
  rows: Row[] = [];
  hidden = 0;
  // Newest time that is known, even when nothing was measured at it: the charts' common right edge.
  end = 0;
  private readonly listeners = new Set<() => void>();

  constructor(
    public windowSeconds: number,
    readonly stepSeconds: number,
  ) {}

  load(times: number[], rows: Row[]): void {
    const shown = rows.slice(0, seriesAtMost);
    this.hidden = rows.length - shown.length;
    const after = this.times.length > 0 && times.length > 0 ? this.times.findIndex(t => t > (times.at(-1) ?? 0)) : -1;
    const liveTimes = after >= 0 ? this.times.slice(after) : [];
    const liveRows = this.rows.map(row => ({ ...row, ys: after >= 0 ? row.ys.slice(after) : [] }));
    this.times = times;
    this.rows = shown;
    // Live points that came while the history was on its way.
    liveTimes.forEach((t, i) =>
      this.add(
        t,
        liveRows.map(row => ({ ...row, ys: [row.ys[i] ?? null] })),
      ),
    );
    this.end = Math.max(this.end, this.times.at(-1) ?? 0);
    this.changed();
  }

  append(t: number, rows: Row[]): void {
    this.end = Math.max(this.end, t);
    const last = this.times.at(-1) ?? -Infinity;
    // Points come each second give or take a delay; a coarser window takes every n-th of them.
    if (t < last + this.stepSeconds - 0.3) return;
    // After a hole draw a hole: a line across it would show values that nobody measured.
    if (t > last + this.stepSeconds * 4 && last > 0) this.add(last + this.stepSeconds, []);
    this.add(t, rows);
    this.trim();
    this.changed();
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  get isEmpty(): boolean {
    return this.rows.length === 0;
  }

  private add(t: number, rows: Row[]): void {
    const byName = new Map(rows.map(row => [row.name, row]));
    for (const row of this.rows) {
      row.ys.push(byName.get(row.name)?.ys[0] ?? null);
      byName.delete(row.name);
    }

    for (const row of byName.values()) {
      if (this.rows.length >= seriesAtMost) {
        this.hidden++;
        continue;
      }

      this.rows.push({ ...row, ys: [...new Array<null>(this.times.length).fill(null), row.ys[0] ?? null] });
    }

    this.times.push(t);
  }

  private trim(): void {
    const oldest = this.end - this.windowSeconds - 2 * this.stepSeconds;
    const first = this.times.findIndex(t => t >= oldest);
    if (first <= 0) return;
    this.times = this.times.slice(first);
    for (const row of this.rows) row.ys = row.ys.slice(first);
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}

export function grid(start: number, end: number, step: number): number[] {
  const count = Math.floor((end - start) / step + 1e-6) + 1;
  return Array.from({ length: count }, (_, i) => start + i * step);
}

export function align(matrix: readonly Matrix[], times: readonly number[], step: number): Aligned[] {
  const start = times[0] ?? 0;
  return matrix.map(({ metric, values }) => {
    const ys: Column = new Array<number | null>(times.length).fill(null);
    for (const [t, text] of values) {
      const at = Math.round((t - start) / step);
      if (at >= 0 && at < ys.length) ys[at] = numberOf(text);
    }

    return { metric, ys };
  });
}

export function alignPoint(series: readonly LiveSeries[]): Aligned[] {
  return series.map(({ metric, value }) => ({ metric, ys: [numberOf(value)] }));
}

// A chart draws finite numbers; NaN and infinities are holes in it (tables show them as they are).
function numberOf(text: string): number | null {
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
