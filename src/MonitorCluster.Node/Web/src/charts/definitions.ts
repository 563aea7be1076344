import type { Unit } from '../format';
import { quote, type Labels } from '../data/promql';
import type { Aligned, Column, Row } from './frame';

// The overview's charts. Each names instant expressions, the same for history and live points, and says how their
// answers become lines. Arithmetic between answers happens here, so that the expressions stay what every backend evaluates.

export interface Scope {
  // One host, or null for one line per host.
  host: string | null;
  // Range of rates: several samples of a one-second source, and at least two steps of the window.
  rate: string;
}

export interface Chart {
  id: string;
  title: string;
  about: string;
  // The same for the comparison of hosts.
  aboutAll: string;
  unit: Unit;
  stacked?: boolean;
  floor?: number;
  ceiling?: number;
  legendRows: number;
  expressions: (scope: Scope) => string[];
  rows: (answers: readonly Aligned[][], scope: Scope) => Row[];
}

const virtualDisks = 'device!~"loop.*|ram.*|zram.*|dm-.*|md.*|sr.*|fd.*"';
const realFileSystems = 'fstype!~"tmpfs|devtmpfs|ramfs|squashfs|iso9660|efivarfs|autofs|fuse.*|nsfs|tracefs"';
const virtualNets = 'device!~"lo|veth.*|docker.*|br-.*|virbr.*|cni.*|ifb.*|tap.*"';

function select(scope: Scope, ...matchers: string[]): string {
  const all = scope.host === null ? matchers : [`host=${quote(scope.host)}`, ...matchers];
  return all.length > 0 ? `{${all.join(',')}}` : '';
}

function rate(metric: string, scope: Scope, ...matchers: string[]): string {
  return `rate(${metric}${select(scope, ...matchers)}[${scope.rate}])`;
}

function map(ys: Column, change: (y: number) => number): Column {
  return ys.map(y => (y === null ? null : change(y)));
}

function join(a: Column, b: Column | undefined, change: (x: number, y: number) => number): Column {
  return a.map((x, i) => {
    const y = b?.[i];
    return x === null || y === null || y === undefined ? null : change(x, y);
  });
}

function named(answers: readonly Aligned[][], at: number, name: string, colour: number, change: (y: number) => number): Row[] {
  const found = answers[at]?.[0];
  return found ? [{ name, colour, ys: map(found.ys, change) }] : [];
}

function byLabel(answer: readonly Aligned[] | undefined, label: string, change: (y: number) => number): Row[] {
  return (answer ?? [])
    .map(({ metric, ys }) => ({ name: metric[label] ?? 'unknown', ys: map(ys, change) }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

const hostOf = (metric: Labels) => metric['host'] ?? 'unknown';
const same = (y: number) => y;
const hundred = (y: number) => 100 * y;
// A rate is extrapolated to its window's edges, so a share of time can come out a little above one.
const share = (y: number) => Math.min(100, 100 * y);
// Close relatives share a line, so that the legend is read at a glance; Explore shows every mode by itself.
const modes: [name: string, of: string[], colour: number][] = [
  ['user', ['user', 'nice'], 0],
  ['system', ['system'], 1],
  ['irq', ['irq', 'softirq'], 2],
  ['iowait', ['iowait'], 4],
  ['steal', ['steal'], 3],
];

export const charts: readonly Chart[] = [
  {
    id: 'cpu',
    title: 'CPU',
    about: 'share of all cores, by what they do',
    aboutAll: 'share of all cores that is busy',
    unit: 'percent',
    stacked: true,
    ceiling: 100,
    floor: 100,
    legendRows: 5,
    expressions: scope => [
      scope.host === null
        ? `avg by (host) (${rate('node_cpu_seconds_total', scope, 'mode="idle"')})`
        : `avg by (mode) (${rate('node_cpu_seconds_total', scope, 'mode!="idle"')})`,
    ],
    rows: ([answer], scope) => {
      if (scope.host === null) return byLabel(answer, 'host', y => Math.max(0, 100 - 100 * y));
      return modes.flatMap(([name, of, colour]) => {
        const parts = (answer ?? []).filter(({ metric }) => of.includes(metric['mode'] ?? '')).map(({ ys }) => map(ys, hundred));
        const [first, ...others] = parts;
        return first ? [{ name, colour, ys: others.reduce((sum, ys) => join(sum, ys, (a, b) => a + b), first) }] : [];
      });
    },
  },
  {
    id: 'memory',
    title: 'Memory',
    about: 'used, and what can be taken back from caches',
    aboutAll: 'used, without what can be reclaimed',
    unit: 'bytes',
    stacked: true,
    legendRows: 3,
    expressions: scope => ['MemTotal', 'MemAvailable', 'MemFree'].map(name => `node_memory_${name}_bytes${select(scope)}`),
    rows: ([total, available, free], scope) => {
      if (scope.host === null) {
        return (total ?? []).map(({ metric, ys }) => ({
          name: hostOf(metric),
          ys: join(ys, available?.find(other => hostOf(other.metric) === hostOf(metric))?.ys, (t, a) => t - a),
        }));
      }

      const [t, a, f] = [total?.[0]?.ys, available?.[0]?.ys, free?.[0]?.ys];
      return t === undefined || a === undefined || f === undefined
        ? []
        : [
            { name: 'used', colour: 0, ys: join(t, a, (x, y) => x - y) },
            { name: 'reclaimable', colour: 5, ys: join(a, f, (x, y) => Math.max(0, x - y)) },
            { name: 'free', colour: 8, ys: f },
          ];
    },
  },
  {
    id: 'disk',
    title: 'Disk throughput',
    about: 'bytes read and written, all physical disks',
    aboutAll: 'read and written together',
    unit: 'bytesPerSecond',
    floor: 4096,
    legendRows: 2,
    expressions: scope =>
      ['read', 'written'].map(way => {
        const sum = rate(`node_disk_${way}_bytes_total`, scope, virtualDisks);
        return scope.host === null ? `sum by (host) (${sum})` : `sum(${sum})`;
      }),
    rows: (answers, scope) =>
      scope.host === null
        ? (answers[0] ?? []).map(({ metric, ys }) => ({
            name: hostOf(metric),
            ys: join(ys, answers[1]?.find(other => hostOf(other.metric) === hostOf(metric))?.ys, (r, w) => r + w),
          }))
        : [...named(answers, 0, 'read', 0, same), ...named(answers, 1, 'written', 1, same)],
  },
  {
    id: 'diskbusy',
    title: 'Disk busy',
    about: 'share of time with I/O in flight',
    aboutAll: 'busiest disk of each host',
    unit: 'percent',
    ceiling: 100,
    floor: 5,
    legendRows: 2,
    expressions: scope => [`max by (${scope.host === null ? 'host' : 'device'}) (${rate('node_disk_io_time_seconds_total', scope, virtualDisks)})`],
    rows: ([answer], scope) => byLabel(answer, scope.host === null ? 'host' : 'device', share),
  },
  {
    id: 'network',
    title: 'Network',
    about: 'bytes received and sent, all physical interfaces',
    aboutAll: 'received and sent together',
    unit: 'bytesPerSecond',
    floor: 4096,
    legendRows: 2,
    expressions: scope =>
      ['receive', 'transmit'].map(way => {
        const sum = rate(`node_network_${way}_bytes_total`, scope, virtualNets);
        return scope.host === null ? `sum by (host) (${sum})` : `sum(${sum})`;
      }),
    rows: (answers, scope) =>
      scope.host === null
        ? (answers[0] ?? []).map(({ metric, ys }) => ({
            name: hostOf(metric),
            ys: join(ys, answers[1]?.find(other => hostOf(other.metric) === hostOf(metric))?.ys, (r, s) => r + s),
          }))
        : [...named(answers, 0, 'received', 0, same), ...named(answers, 1, 'sent', 1, same)],
  },
  {
    id: 'pressure',
    title: 'Pressure',
    about: 'share of time in which some task waited',
    aboutAll: 'worst of cpu, memory and io',
    unit: 'percent',
    ceiling: 100,
    floor: 5,
    legendRows: 3,
    expressions: scope => ['cpu', 'memory', 'io'].map(kind => rate(`node_pressure_${kind}_waiting_seconds_total`, scope)),
    rows: (answers, scope) =>
      scope.host === null
        ? (answers[0] ?? []).map(({ metric, ys }) => {
            const of = (at: number) => answers[at]?.find(other => hostOf(other.metric) === hostOf(metric))?.ys;
            return { name: hostOf(metric), ys: map(join(join(ys, of(1), Math.max), of(2), Math.max), share) };
          })
        : [...named(answers, 0, 'cpu', 0, share), ...named(answers, 1, 'memory', 3, share), ...named(answers, 2, 'io', 4, share)],
  },
  {
    id: 'space',
    title: 'Disk space',
    about: 'used share of each file system',
    aboutAll: 'fullest file system of each host',
    unit: 'percent',
    ceiling: 100,
    floor: 100,
    legendRows: 3,
    expressions: scope => ['size', 'avail'].map(name => `node_filesystem_${name}_bytes${select(scope, realFileSystems)}`),
    rows: ([size, avail], scope) => {
      const key = (metric: Labels) => JSON.stringify([metric['host'], metric['device'], metric['mountpoint']]);
      const free = new Map((avail ?? []).map(({ metric, ys }) => [key(metric), ys]));
      const rows = new Map<string, Row>();
      for (const { metric, ys } of size ?? []) {
        const name = scope.host === null ? hostOf(metric) : (metric['mountpoint'] ?? 'unknown');
        const used = join(ys, free.get(key(metric)), (all, left) => (all > 0 ? (100 * (all - left)) / all : 0));
        const other = rows.get(name);
        // Compared by host, the fullest counts; a file system without a value at some time does not hide another.
        rows.set(name, { name, ys: other ? used.map((y, i) => (y === null ? (other.ys[i] ?? null) : Math.max(y, other.ys[i] ?? 0))) : used });
      }

      return [...rows.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    },
  },
  {
    id: 'load',
    title: 'Load',
    about: 'tasks that run or wait to, averaged',
    aboutAll: 'average of one minute',
    unit: 'number',
    floor: 1,
    legendRows: 3,
    expressions: scope => (scope.host === null ? ['1'] : ['1', '5', '15']).map(minutes => `node_load${minutes}${select(scope)}`),
    rows: (answers, scope) =>
      scope.host === null
        ? byLabel(answers[0], 'host', same)
        : [...named(answers, 0, '1 min', 0, same), ...named(answers, 1, '5 min', 1, same), ...named(answers, 2, '15 min', 2, same)],
  },
];
