import * as api from '../data/api';
import { useAction } from '../data/poll';
import { selectorOf } from '../data/promql';
import { formatClock } from '../format';
import { secondsOf } from '../data/alerts';
import { countOf } from './words';

// What somebody can say about an incident. Each button tells beforehand what it does, and afterwards what it did.
export function IncidentActions({ incident, done }: { incident: api.Incident; done: () => void }) {
  const { busy, said, run } = useAction();
  const act = (work: () => Promise<string>) =>
    run(async () => {
      const text = await work();
      done();
      return text;
    });
  const say = (verdict: 'expected' | 'real' | 'accept', words: (series: string) => string) =>
    act(async () => words(countOf((await api.sayAbout(incident.id, verdict)).series, 'series')));
  const host = incident.host;
  const ofSeries = incident.kind === 'incident';
  return (
    <div class="actions">
      <div class="bar" role="group" aria-label="What to do with this incident">
        {incident.status !== 'resolved' && (
          <button
            type="button"
            class="quiet"
            disabled={busy || incident.status !== 'firing'}
            title="Say that somebody looks after it. It stays open until it is over."
            onClick={() => act(async () => api.acknowledge(incident.id).then(() => 'Acknowledged: it stays open, and all see that somebody looks after it.'))}
          >
            Acknowledge
          </button>
        )}
        {ofSeries && (
          <>
            <button
              type="button"
              class="quiet"
              disabled={busy}
              title="This was to be expected: from now on these series need more surprise to speak up, most of all at this hour of the week."
              onClick={() => say('expected', series => `Noted as expected: ${series} will need more surprise from now on.`)}
            >
              Expected
            </button>
            <button
              type="button"
              class="quiet"
              disabled={busy}
              title="This was real trouble: raised thresholds of these series go back, and nothing is learnt from it while it lasts."
              onClick={() => say('real', series => `Noted as real: raised thresholds of ${series} go back.`)}
            >
              Real
            </button>
            <button
              type="button"
              class="quiet"
              disabled={busy}
              title="What these series show now is their normal level from now on."
              onClick={() => say('accept', series => `Accepted: what ${series} show now is their normal level.`)}
            >
              Accept new level
            </button>
          </>
        )}
        {host !== null && (
          <button
            type="button"
            class="quiet"
            disabled={busy}
            title={`Tell nobody about ${host} for two hours. It is measured and judged all the same, but not learnt from. The page Anomalies ends it sooner.`}
            onClick={() =>
              act(async () => {
                const made = await api.mute(selectorOf({ host }), '2h', `incident ${incident.id}`);
                return `Muted ${countOf(made.series, 'series')} of ${host} until ${formatClock(secondsOf(made.until))}.`;
              })
            }
          >
            Mute this host for 2 h
          </button>
        )}
      </div>
      <p class={`said ${said?.bad ? 'bad-text' : ''}`} role="status">
        {busy ? 'Asking the node …' : (said?.text ?? '')}
      </p>
    </div>
  );
}
