import type uPlot from 'uplot';
import type { Colours } from './theme';

// What is drawn behind the lines: the band in which values were expected, and the time something lasted.

export interface Marks {
  band: readonly [number, number] | null;
  expected: number | null;
  // The band begins here; from the left edge when null.
  bandFrom: number | null;
  // What lasted, in seconds since 1970; open while `to` is null.
  span: { from: number; to: number | null } | null;
}

export function drawMarks(u: uPlot, marks: Marks, colours: Colours): void {
  const { ctx, bbox } = u;
  const [left, right, top, bottom] = [bbox.left, bbox.left + bbox.width, bbox.top, bbox.top + bbox.height];
  const x = (t: number) => Math.min(right, Math.max(left, u.valToPos(t, 'x', true)));
  const y = (value: number) => Math.min(bottom, Math.max(top, u.valToPos(value, 'y', true)));
  ctx.save();
  if (marks.span) {
    const from = x(marks.span.from);
    const to = marks.span.to === null ? right : x(marks.span.to);
    ctx.globalAlpha = 0.1;
    ctx.fillStyle = colours.mark;
    ctx.fillRect(from, top, to - from, bottom - top);
    // A bar along the top: the tint alone is too little for some eyes and screens.
    ctx.globalAlpha = 0.9;
    ctx.fillRect(from, top, Math.max(2, to - from), 3 * devicePixelRatio);
  }

  const start = marks.bandFrom === null ? left : x(marks.bandFrom);
  if (marks.band) {
    const [high, low] = [y(marks.band[1]), y(marks.band[0])];
    ctx.globalAlpha = 0.2;
    ctx.fillStyle = colours.band;
    // A band of no width is still a band: at least two pixels say where it lies.
    const height = Math.max(2 * devicePixelRatio, low - high);
    ctx.fillRect(start, Math.min(high, bottom - height), right - start, height);
    u.root.dataset['band'] = `${marks.band[0]} ${marks.band[1]}`;
  } else {
    delete u.root.dataset['band'];
  }

  if (marks.expected !== null) {
    const at = Math.round(y(marks.expected));
    ctx.globalAlpha = 0.8;
    ctx.strokeStyle = colours.band;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(start, at);
    ctx.lineTo(right, at);
    ctx.stroke();
  }

  ctx.restore();
}
