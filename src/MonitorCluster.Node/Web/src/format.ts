// Numbers as people read them. Every function takes null and answers a dash, so that "unknown" never looks like zero.

export type Unit = 'percent' | 'bytes' | 'bytesPerSecond' | 'seconds' | 'number';

const dash = '–';
const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const decimal = ['', 'k', 'M', 'G', 'T', 'P'];

export function formatValue(unit: Unit, value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return dash;
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '−Inf';
  switch (unit) {
    case 'percent':
      return `${digits(value)} %`;
    case 'bytes':
      return scaled(value, 1024, binary, ' ');
    case 'bytesPerSecond':
      return `${scaled(value, 1024, binary, ' ')}/s`;
    case 'seconds':
      return formatDuration(value);
    case 'number':
      return scaled(value, 1000, decimal, '\u202f').trim();
  }
}

export function formatCount(value: number | null | undefined): string {
  return value === null || value === undefined || !Number.isFinite(value) ? dash : Math.round(value).toLocaleString('en-US');
}

// Ages: one unit below a minute, two above it, never a fraction that flickers.
export function formatAge(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s < 60) return `${Math.floor(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${Math.floor(s % 60)} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

export function formatClock(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString('en-GB');
}

export function formatDateTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return `${date.toLocaleDateString('en-CA')} ${date.toLocaleTimeString('en-GB')}`;
}

function formatDuration(seconds: number): string {
  const s = Math.abs(seconds);
  if (s === 0) return '0 s';
  if (s < 1e-3) return `${digits(seconds * 1e6)} µs`;
  if (s < 1) return `${digits(seconds * 1e3)} ms`;
  return s < 120 ? `${digits(seconds)} s` : (seconds < 0 ? '−' : '') + formatAge(s);
}

function scaled(value: number, base: number, units: string[], gap: string): string {
  let step = 0;
  let rest = value;
  while (Math.abs(rest) >= base * 0.9995 && step < units.length - 1) {
    rest /= base;
    step++;
  }

  return `${digits(rest)}${gap}${units[step]}`;
}

function digits(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 0.001) return value.toExponential(1);
  const text = value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 3);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
