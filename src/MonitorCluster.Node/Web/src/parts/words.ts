import type { Labels } from '../data/promql';
import { formatValue, type Unit } from '../format';
import { unitOf } from './AlertList';

// What a channel is in words; the node's own word where it is a new one.
const channels: Record<string, string> = {
  jump: 'a jump',
  season: 'not like this hour',
  level: 'off its level for long',
  restless: 'more restless',
  range: 'never seen before',
  down: 'does not answer',
  saturated: 'at its bound',
  filling: 'runs out',
  stuck: 'stands still',
};

export function channelWords(channel: string): string {
  return channels[channel] ?? channel;
}

// The same rule as the node's: what it judges by its rate.
export function isCounter(metric: string): boolean {
  if (/_(total|count|sum|bucket)$/.test(metric) || metric.startsWith('node_vmstat_')) return true;
  return metric.startsWith('node_netstat_') && metric !== 'node_netstat_Tcp_CurrEstab' && metric !== 'node_netstat_Ip_Forwarding';
}

// Values of a counter are rates here; seconds per second are a plain number.
export function judgedUnit(metric: string): Unit {
  return isCounter(metric) && !metric.endsWith('_bytes_total') ? 'number' : unitOf(metric);
}

export function bandWords(unit: Unit, band: readonly [number, number] | null, expected: number | null): string {
  if (band !== null) return `${formatValue(unit, band[0])} to ${formatValue(unit, band[1])}`;
  return formatValue(unit, expected);
}

export function countOf(n: number, what: string): string {
  return `${n.toLocaleString('en-US')} ${what}${n === 1 || what.endsWith('series') ? '' : 's'}`;
}

// Labels of a series, the metric's name among them.
export function allLabels(of: { metric: string | null; labels: Labels | null }): Labels {
  return of.metric === null ? { ...of.labels } : { ...of.labels, __name__: of.metric };
}

// What tells a series from others of its host: host, instance and job are the same for all.
export function ownLabels(labels: Labels | null): string {
  return Object.entries(labels ?? {})
    .filter(([key]) => !['__name__', 'host', 'instance', 'job'].includes(key))
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
}

// Words with which the node's reasons begin; any other may be the name of a node or a person, which stays as it is.
const openers = /^(an?|asked|imbalance|its?|loads?|moves?|moving|no|not|nothing|one|only|paused|plan|rolled|shards?|that|the|there|this|what)(?=[\s:;,.])/;

// The node's reasons begin small and end without a stop, since they stand in other sentences too.
export function sentence(text: string): string {
  const trimmed = text.trim();
  const begin = openers.test(trimmed) ? trimmed.charAt(0).toUpperCase() + trimmed.slice(1) : trimmed;
  return begin === '' || /[.!?:]$/.test(begin) ? begin : `${begin}.`;
}
