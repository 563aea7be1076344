import { findSeries, metricNames } from './api';
import { quote, seriesText, type Labels } from './promql';

// What the search looks through. Metric names are complete; series up to a bound, and a metric typed in full brings its own.

export interface Entry {
  kind: 'metric' | 'series';
  text: string;
  lower: string;
  labels: Labels;
}
export interface Found {
  entries: readonly Entry[];
  total: number;
  partial: boolean;
}

const seriesAtMost = 20_000;
const maxAgeMs = 30_000;

let names: Entry[] = [];
let series: Entry[] = [];
let extra = new Map<string, Entry[]>();
let loadedMs = -Infinity;
let loading: Promise<void> | null = null;

export function loadIndex(): Promise<void> {
  if (Date.now() - loadedMs < maxAgeMs) return Promise.resolve();
  loading ??= Promise.all([metricNames(), findSeries('{__name__!=""}', seriesAtMost)])
    .then(([metrics, found]) => {
      names = metrics.map(name => entry('metric', { __name__: name }));
      series = found.slice(0, seriesAtMost).map(labels => entry('series', labels));
      extra = new Map();
      loadedMs = Date.now();
    })
    .finally(() => (loading = null));
  return loading;
}

// Series of one metric that may lie beyond the bound of the general list.
export async function loadMetric(name: string): Promise<void> {
  if (series.length < seriesAtMost || extra.has(name)) return;
  extra.set(name, []);
  extra.set(
    name,
    (await findSeries(`{__name__=${quote(name)}}`, 1000)).slice(0, 1000).map(labels => entry('series', labels)),
  );
}

// Every word must occur somewhere in the name or the labels. Names first, then series, each in the order the node gave.
export function search(text: string, atMost: number): Found {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter(word => word !== '');
  const entries: Entry[] = [];
  let total = 0;
  const special = extra.get(text.trim()) ?? [];
  const specialTexts = new Set(special.map(candidate => candidate.text));
  for (const list of [names, special, series]) {
    for (const candidate of list) {
      if (!words.every(word => candidate.lower.includes(word))) continue;
      if (list === series && specialTexts.has(candidate.text)) continue;
      total++;
      if (entries.length < atMost) entries.push(candidate);
    }
  }

  return { entries, total, partial: series.length >= seriesAtMost };
}

function entry(kind: Entry['kind'], labels: Labels): Entry {
  const text = kind === 'metric' ? (labels['__name__'] ?? '') : seriesText(labels);
  return { kind, text, lower: text.toLowerCase().replace(/"/g, ''), labels };
}
