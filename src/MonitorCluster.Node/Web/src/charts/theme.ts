import { Store } from '../data/store';

// Colours for the canvas, read from the style sheet so that both themes are defined in one place.
// The eight series colours are Okabe and Ito's (distinguishable with the common colour-vision deficiencies), tuned per theme.

export interface Colours {
  series: string[];
  grid: string;
  text: string;
  surface: string;
  band: string;
  mark: string;
}

function read(): Colours {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return {
    series: Array.from({ length: 9 }, (_, i) => of(`--series-${i}`)),
    grid: of('--line'),
    text: of('--muted'),
    surface: of('--surface'),
    band: of('--good'),
    mark: of('--warning'),
  };
}

export const colours = new Store<Colours>(read());

const system = matchMedia('(prefers-color-scheme: dark)');
system.addEventListener('change', () => colours.set(read()));

export function isDark(): boolean {
  const chosen = document.documentElement.dataset['theme'];
  return chosen === undefined ? system.matches : chosen === 'dark';
}

export function toggleTheme(): void {
  const next = isDark() ? 'light' : 'dark';
  document.documentElement.dataset['theme'] = next;
  colours.set(read());
  try {
    localStorage.setItem('theme', next);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

// The colour mixed into the surface: areas of a stack lie over each other, so they cannot be translucent.
export function tint(colour: string, surface: string, share: number): string {
  const [a, b] = [channels(colour), channels(surface)];
  return `rgb(${a.map((value, i) => Math.round(value * share + (b[i] ?? 0) * (1 - share))).join(',')})`;
}

function channels(hex: string): number[] {
  const full = hex.length === 4 ? [...hex.slice(1)].map(c => c + c).join('') : hex.slice(1);
  return [0, 2, 4].map(at => Number.parseInt(full.slice(at, at + 2), 16) || 0);
}
