import { nodeNow, watch } from './live';
import { queryInstant } from './api';
import { Store } from './store';

// What the whole page knows about hosts and the node's flow of samples, kept up to date by the same stream.

export interface Host {
  name: string;
  newest: number;
}
export interface Pulse {
  t: number;
  hosts: readonly Host[];
  ingestPerSecond: number | null;
  series: number | null;
}

// A host's own clock as it measured it tells when it was last heard, with nothing but a gauge.
const expressions = ['max by (host) (node_time_seconds)', 'sum(rate(monitorcluster_ingest_samples_total[10s]))', 'sum(monitorcluster_series)'];

// Longer silence than this makes a host that is collected every second or every ten a silent one.
export const silentSeconds = 15;

export const pulse = new Store<Pulse | null>(null);

export function startPulse(): void {
  watch(expressions, (t, [hosts, ingest, series]) => {
    pulse.set({
      t,
      hosts: (hosts ?? [])
        .map(({ metric, value }) => ({ name: metric['host'] ?? '', newest: Number(value) }))
        .filter(host => host.name !== '')
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
      ingestPerSecond: first(ingest),
      series: first(series),
    });
  });
  // The first answer need not wait for the stream's next tick.
  queryInstant(expressions[0] ?? '', null).then(
    answer => {
      if (pulse.value !== null || answer.resultType !== 'vector') return;
      const hosts = answer.result.map(({ metric, value }) => ({ name: metric['host'] ?? '', newest: Number(value[1]) }));
      pulse.set({ t: nodeNow(), hosts: hosts.filter(host => host.name !== ''), ingestPerSecond: null, series: null });
    },
    () => undefined,
  );
}

function first(series: readonly { value: string }[] | undefined): number | null {
  const value = Number(series?.[0]?.value);
  return Number.isFinite(value) ? value : null;
}
