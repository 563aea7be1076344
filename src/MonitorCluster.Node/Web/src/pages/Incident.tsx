import { useEffect, useMemo } from 'preact/hooks';
import { ChartCard } from '../charts/ChartCard';
import type { Marks } from '../charts/marks';
import type { Look } from '../charts/plot';
import { useStretch } from '../charts/useStretch';
import { alerts, notificationsOf, secondsOf } from '../data/alerts';
import * as api from '../data/api';
import { usePolled } from '../data/poll';
import { selectorOf, seriesText } from '../data/promql';
import { now, useStore } from '../data/store';
import { hrefOf } from '../data/url';
import { formatAge, formatClock, formatDateTime, formatValue } from '../format';
import { IncidentActions } from '../parts/IncidentActions';
import { notificationWords } from '../parts/IncidentRow';
import { SeverityIcon } from '../parts/Severity';
import { allLabels, bandWords, channelWords, countOf, isCounter, judgedUnit, ownLabels } from '../parts/words';
import { ZoomReset } from './Overview';

const chartsAtMost = 4;
const timelineAtMost = 200;
const refreshSeconds = 5;
// So much before it, that what was usual can be seen; a little after its end, that the return can.
const beforeSeconds = 1200;
const afterSeconds = 120;

export function IncidentPage({ id }: { id: string }) {
  const live = useStore(alerts).find(alert => alert.id === id);
  const over = live?.status === 'resolved';
  const loaded = usePolled(id, over ? 0 : refreshSeconds, signal => api.incident(id, signal));
  useEffect(loaded.reload, [live?.seq]);
  const incident = loaded.data;
  return (
    <main class="page">
      <div class="bar">
        <a href="/incidents">All incidents</a>
        <ZoomReset />
      </div>
      {loaded.problem !== '' && (
        <p class="error" role="alert">
          {loaded.problem}
        </p>
      )}
      {incident === null ? (
        loaded.problem === '' && (
          <section class="card">
            <p class="calm">Loading …</p>
          </section>
        )
      ) : (
        <Body incident={incident} reload={loaded.reload} />
      )}
    </main>
  );
}

function Body({ incident, reload }: { incident: api.Incident; reload: () => void }) {
  const members = incident.members ?? [];
  return (
    <>
      <Head incident={incident} reload={reload} />
      {members.length > 0 && (
        <div class="charts members-charts">
          {members.slice(0, chartsAtMost).map(member => (
            <MemberChart key={seriesText(allLabels(member))} member={member} startsAt={incident.startsAt} endsAt={incident.endsAt} />
          ))}
        </div>
      )}
      {members.length > 0 && <MemberTable members={members} count={incident.memberCount ?? members.length} />}
      <Timeline incident={incident} />
    </>
  );
}

function Head({ incident, reload }: { incident: api.Incident; reload: () => void }) {
  const time = useStore(now);
  const since = secondsOf(incident.startsAt);
  const ended = secondsOf(incident.endsAt);
  const lasting = ended > 0 ? `from ${formatDateTime(since)} to ${formatClock(ended)}, ${formatAge(ended - since)}` : `for ${formatAge(time - since)}`;
  const told = Math.max(notificationsOf(incident), incident.timeline.filter(step => step.id === incident.id && step.notify).length);
  return (
    <section class="card incident-head" data-id={incident.id} data-status={incident.status}>
      <header class="alert-title">
        <SeverityIcon alert={incident} />
        <h1>{incident.host ?? 'the cluster'}</h1>
        <span class={`pill ${incident.status}`}>{incident.status}</span>
        <span class="about">
          {incident.severity}, {lasting}
          {(incident.memberCount ?? 0) > 0 && `, ${countOf(incident.memberCount ?? 0, 'series')}`}, {notificationWords(told)}
        </span>
      </header>
      <p class="reason">{incident.summary}</p>
      {incident.acknowledgedBy && (
        <p class="about">
          Acknowledged by {incident.acknowledgedBy}
          {incident.comment ? `: ${incident.comment}` : ''}
        </p>
      )}
      <IncidentActions incident={incident} done={reload} />
    </section>
  );
}

interface ChartProps {
  member: api.IncidentMember;
  startsAt: string | null;
  endsAt: string | null;
}

function MemberChart({ member, startsAt, endsAt }: ChartProps) {
  const metric = member.metric ?? '';
  const unit = judgedUnit(metric);
  const labels = allLabels(member);
  const begin = secondsOf(startsAt);
  const end = endsAt === null ? null : secondsOf(endsAt);
  const look: Look = useMemo(() => ({ unit, stacked: false, floor: 0, ceiling: null, height: 170 }), [unit]);
  const expressions = useMemo(() => {
    const selector = selectorOf(labels);
    // What is drawn is what was judged: of a counter its rate.
    return isCounter(metric) ? [`rate(${selector}[30s])`, `rate(${selector}[5m])`] : [selector];
  }, [seriesText(labels)]);
  const loaded = useStretch(expressions, begin - beforeSeconds, end === null ? null : end + afterSeconds, 2 * refreshSeconds, ({ ys }) => ({
    name: isCounter(metric) ? 'per second' : 'value',
    colour: 0,
    ys,
  }));
  const marks: Marks = { band: member.band, expected: member.expected, bandFrom: null, span: { from: begin, to: end } };
  return (
    <ChartCard title={metric} about={ownLabels(member.labels)} look={look} legendRows={1} marks={marks} {...loaded}>
      <span class="more">
        <a href={hrefOf('/explore', { q: expressions[0] ?? '' })}>explore</a>
      </span>
      {(member.band !== null || member.expected !== null) && (
        <p class="marks">
          <i class="swatch band" aria-hidden="true" />
          expected {bandWords(unit, member.band, member.expected)}
          <i class="swatch span" aria-hidden="true" />
          the incident
        </p>
      )}
    </ChartCard>
  );
}

function MemberTable({ members, count }: { members: readonly api.IncidentMember[]; count: number }) {
  const time = useStore(now);
  return (
    <section class="card" aria-label="Members">
      <header class="card-head">
        <h2>Series</h2>
        <span class="about">most probable cause first{count > members.length ? `; ${members.length} of ${count}` : ''}</span>
      </header>
      <div class="scroll">
        <table class="data words member-table">
          <thead>
            <tr>
              <th scope="col">#</th>
              <th scope="col">series</th>
              <th scope="col">what</th>
              <th scope="col">was</th>
              <th scope="col">expected</th>
              <th scope="col">since</th>
              <th scope="col">now</th>
            </tr>
          </thead>
          <tbody>
            {members.map((member, i) => {
              const metric = member.metric ?? '';
              const unit = judgedUnit(metric);
              const per = isCounter(metric) && unit === 'number' ? '/s' : '';
              const since = secondsOf(member.since);
              return (
                <tr key={seriesText(allLabels(member))} title={member.reason}>
                  <td title={`score ${formatValue('number', member.score)}, rank ${formatValue('number', member.rank)}`}>{i + 1}</td>
                  <th scope="row">
                    <a class="mono" href={hrefOf('/explore', { q: selectorOf(allLabels(member)) })}>
                      {metric}
                    </a>{' '}
                    <span class="about">{ownLabels(member.labels)}</span>
                  </th>
                  <td>{channelWords(member.channel)}</td>
                  <td>
                    <b>{formatValue(unit, member.value) + per}</b>
                  </td>
                  <td>{bandWords(unit, member.band, member.expected) + per}</td>
                  <td title={formatDateTime(since)}>{member.on ? formatAge(time - since) : formatClock(since)}</td>
                  <td>
                    <span class={`pill ${member.on ? 'pending' : ''}`}>{member.on ? 'unusual' : 'over'}</span>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Timeline({ incident }: { incident: api.Incident }) {
  const steps = incident.timeline.slice(-timelineAtMost);
  return (
    <section class="card" aria-label="Timeline">
      <header class="card-head">
        <h2>Timeline</h2>
        {steps.length < incident.timeline.length && <span class="about">the last {steps.length} entries</span>}
      </header>
      {steps.length === 0 && <p class="calm">The log has nothing of it yet.</p>}
      <ol class="timeline">
        {steps.map((step, i) => {
          // A transition says when the alert began and ended, not when it became worse or was acknowledged: those have no time of their own.
          const isLater = step.id === incident.id && step.status !== 'resolved' && steps.slice(0, i).some(other => other.id === step.id);
          const at = secondsOf(step.status === 'resolved' ? step.endsAt : step.startsAt);
          return (
            <li key={step.seq ?? i} class={step.id === incident.id ? 'own' : ''}>
              {isLater ? <span>then</span> : <time title={formatDateTime(at)}>{formatClock(at)}</time>}
              <span>
                {stepWords(step, incident, incident.timeline.length - steps.length + i)}
                {step.notify && <span class="pill acknowledged">notified</span>}
              </span>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

// Of the incident its own steps, of its series what they say.
function stepWords(step: api.Alert, incident: api.Incident, at: number): string {
  if (step.id !== incident.id) return `${step.summary ?? step.metric ?? ''}`;
  const before = incident.timeline.slice(0, at).filter(other => other.id === step.id);
  switch (step.status) {
    case 'acknowledged':
      return `Acknowledged by ${step.acknowledgedBy ?? 'somebody'}${step.comment ? `: ${step.comment}` : ''}.`;
    case 'resolved':
      return `Over. ${step.summary ?? ''}`;
    default:
      if (before.length === 0) return `Opened, ${step.severity}: ${step.summary ?? ''}`;
      return `${before.at(-1)?.severity === step.severity ? 'Went on' : `Became ${step.severity}`}: ${step.summary ?? ''}`;
  }
}
