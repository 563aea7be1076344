import { alerts, isNews } from '../data/alerts';
import { pulse, silentSeconds } from '../data/hosts';
import { cluster, connection } from '../data/live';
import { now, useStore } from '../data/store';
import { formatAge, formatCount } from '../format';

export function Tiles() {
  const state = useStore(cluster);
  const known = useStore(alerts);
  const flow = useStore(pulse);
  const link = useStore(connection);
  const time = useStore(now);

  const members = state?.members ?? [];
  const up = members.filter(member => member.status === 'active').length;
  const news = known.filter(isNews);
  const firing = news.filter(alert => alert.status === 'firing').length;
  const acknowledged = news.filter(alert => alert.status === 'acknowledged').length;
  const shards = state?.shards ?? [];
  const series = flow?.series ?? sum(shards.map(shard => shard.series));
  const ingest = flow?.ingestPerSecond ?? sum(shards.map(shard => shard.samplesPerSecond));
  const newest = flow && flow.hosts.length > 0 ? Math.max(...flow.hosts.map(host => host.newest)) : null;
  // While the stream is broken the age goes on growing: by the browser's clock since the last event.
  const silence = link.status === 'broken' ? Math.max(0, time - link.since) : 0;
  const age = newest === null || flow === null ? null : Math.max(0, flow.t - newest) + silence;
  const silent = flow?.hosts.filter(host => flow.t - host.newest > silentSeconds).length ?? 0;
  const hosts = flow?.hosts.length ?? 0;

  return (
    <dl class="tiles">
      <Tile
        name="Nodes up"
        value={state === null ? '–' : `${up} of ${members.length}`}
        bad={state !== null && up < members.length}
        note={state === null ? '' : `${state.shards.length} shards`}
      />
      <Tile
        name="Hosts"
        value={flow === null ? '–' : formatCount(hosts)}
        bad={silent > 0}
        note={silent > 0 ? `${silent} silent` : hosts > 0 ? 'all reporting' : ''}
      />
      <Tile
        name="Open incidents"
        value={formatCount(firing + acknowledged)}
        bad={firing > 0}
        note={acknowledged > 0 ? `${acknowledged} acknowledged` : firing > 0 ? 'nobody on it yet' : ''}
      />
      <Tile name="Series" value={formatCount(series)} note="active" />
      <Tile name="Ingest" value={ingest === null ? '–' : `${formatCount(ingest)}/s`} note="samples" />
      <Tile
        name="Newest sample"
        value={age === null ? '–' : age < 2 ? '< 2 s' : formatAge(age)}
        bad={age !== null && age > silentSeconds}
        note={age === null ? '' : 'ago'}
      />
    </dl>
  );
}

function Tile({ name, value, note, bad }: { name: string; value: string; note: string; bad?: boolean }) {
  return (
    <div class={`tile ${bad ? 'bad' : ''}`}>
      <dt>{name}</dt>
      <dd>
        <b>{value}</b> <span>{note}</span>
      </dd>
    </div>
  );
}

function sum(values: (number | null)[]): number | null {
  const known = values.filter(value => value !== null && value !== undefined);
  return known.length === 0 ? null : known.reduce((a, b) => a + b, 0);
}
