import { useStore, now } from '../data/store';
import * as api from '../data/api';
import { secondsOf } from '../data/alerts';
import { useAction, usePolled, type Polled } from '../data/poll';
import { selectorOf, seriesText } from '../data/promql';
import { hrefOf } from '../data/url';
import { useWatching, watchingWords } from '../data/watching';
import { formatAge, formatClock, formatDateTime, formatValue } from '../format';
import { HeatStrip } from '../parts/HeatStrip';
import { allLabels, bandWords, channelWords, countOf, isCounter, judgedUnit, ownLabels } from '../parts/words';

const shownAtMost = 200;

export function Anomalies() {
  const unusual = usePolled('unusual', 5, signal => api.verdicts({ limit: shownAtMost }, signal));
  const counts = useWatching();
  const mutes = usePolled('mutes', 15, signal => api.mutes(signal));
  const problem = unusual.problem || mutes.problem;
  const items = unusual.data ?? [];
  return (
    <main class="page">
      <div class="bar">
        <h1>Anomalies</h1>
        {counts !== null && items.length > 0 && <span class="about">{watchingWords(counts)}</span>}
      </div>
      {problem !== '' && (
        <p class="error" role="alert">
          {problem}
        </p>
      )}
      <HeatStrip />
      <section class="card" aria-label="Unusual series">
        <header class="card-head">
          <h2>Unusual now</h2>
          <span class="about">{items.length >= shownAtMost ? `the first ${shownAtMost}` : items.length > 0 ? countOf(items.length, 'series') : ''}</span>
        </header>
        {unusual.data === null ? (
          problem === '' && <p class="calm">Loading …</p>
        ) : items.length === 0 ? (
          <p class="calm">Nothing is unusual. {counts === null ? '' : watchingWords(counts)}</p>
        ) : (
          <Unusual items={items} />
        )}
      </section>
      <MuteList mutes={mutes} />
    </main>
  );
}

function Unusual({ items }: { items: readonly api.Verdict[] }) {
  const time = useStore(now);
  return (
    <div class="scroll">
      <table class="data words">
        <thead>
          <tr>
            <th scope="col">host</th>
            <th scope="col">series</th>
            <th scope="col">score</th>
            <th scope="col">now</th>
            <th scope="col">expected</th>
            <th scope="col">what</th>
            <th scope="col">for</th>
            <th scope="col">incident</th>
          </tr>
        </thead>
        <tbody>
          {items.map(item => {
            const metric = item.metric ?? '';
            const unit = judgedUnit(metric);
            const per = isCounter(metric) && unit === 'number' ? '/s' : '';
            return (
              <tr key={seriesText(allLabels(item))} class="unusual" title={item.reason}>
                <td>{item.host ?? '–'}</td>
                <th scope="row">
                  <a class="mono" href={hrefOf('/explore', { q: selectorOf(allLabels(item)) })}>
                    {metric}
                  </a>{' '}
                  <span class="about">{ownLabels(item.labels)}</span>
                  <span class="row-reason">{item.reason}</span>
                </th>
                <td title={`A step of this series is a signal from ${formatValue('number', item.signalAt)} on.`}>{score(item.score)}</td>
                <td>
                  <b>{formatValue(unit, item.value) + per}</b>
                </td>
                <td>{bandWords(unit, item.band, item.expected) + per}</td>
                <td>{channelWords(item.channel)}</td>
                <td>{item.since === null ? '–' : formatAge(time - secondsOf(item.since))}</td>
                <td>
                  {item.muted && <span class="pill">muted</span>}
                  {item.incident === null ? item.muted ? '' : 'none' : <a href={hrefOf('/incidents', { id: item.incident })}>open</a>}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function score(value: number | null): string {
  return value === null ? '–' : value.toFixed(1);
}

function MuteList({ mutes }: { mutes: Polled<api.Mute[]> }) {
  const time = useStore(now);
  const { busy, said, run } = useAction();
  const items = mutes.data ?? [];
  const unmute = (mute: api.Mute) =>
    run(async () => {
      const { series } = await api.unmute(mute.id);
      mutes.reload();
      return `${mute.selector} is no longer muted: ${countOf(series, 'series')}.`;
    });
  return (
    <section class="card" aria-label="Mutes">
      <header class="card-head">
        <h2>Mutes</h2>
        <span class="about">judged all the same, but nobody is told</span>
      </header>
      {items.length === 0 && mutes.data !== null && <p class="calm">Nothing is muted. The page of an incident can mute its host.</p>}
      <ul class="mutes">
        {items.map(mute => {
          const until = secondsOf(mute.until);
          return (
            <li key={mute.id} data-id={mute.id}>
              <span class="mono">{mute.selector}</span>
              <span class="about" title={formatDateTime(until)}>
                until {formatClock(until)} ({formatAge(until - time)} left), by {mute.by}
                {mute.comment ? `: ${mute.comment}` : ''}
              </span>
              <button
                type="button"
                class="quiet"
                disabled={busy}
                title="End this mute now: people are told again."
                aria-label={`Unmute ${mute.selector}`}
                onClick={() => unmute(mute)}
              >
                Unmute
              </button>
            </li>
          );
        })}
      </ul>
      <p class={`said ${said?.bad ? 'bad-text' : ''}`} role="status">
        {said?.text ?? ''}
      </p>
    </section>
  );
}
