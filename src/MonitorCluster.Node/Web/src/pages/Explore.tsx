import { useEffect, useMemo, useState } from 'preact/hooks';
import { ChartCard } from '../charts/ChartCard';
import type { Look } from '../charts/plot';
import type { Marks } from '../charts/marks';
import { useFrame } from '../charts/useFrame';
import { queryInstant, verdicts, type QueryResult } from '../data/api';
import { usePolled } from '../data/poll';
import { selectorOf, seriesText, type Labels } from '../data/promql';
import { useStore } from '../data/store';
import { place, setParams } from '../data/url';
import { formatDateTime } from '../format';
import { unitOf } from '../parts/AlertList';
import { bandWords, isCounter } from '../parts/words';
import { windowOf, WindowPicker } from '../parts/WindowPicker';
import { ZoomReset } from './Overview';

const rowsAtMost = 500;
const bandSeconds = 30;

export function Explore() {
  const { params } = useStore(place);
  const query = params.get('q') ?? '';
  const view = params.get('view') === 'table' ? 'table' : 'graph';
  const [draft, setDraft] = useState(query);
  useEffect(() => setDraft(query), [query]);

  const submit = (event: Event) => {
    event.preventDefault();
    setParams({ q: draft.trim() || null, zoom: null });
  };
  return (
    <main class="page">
      <form class="bar query" onSubmit={submit}>
        <textarea
          rows={1}
          value={draft}
          spellcheck={false}
          autocomplete="off"
          aria-label="PromQL expression"
          placeholder="PromQL, for example rate(node_cpu_seconds_total[30s])"
          onInput={event => setDraft(event.currentTarget.value)}
          onKeyDown={event => {
            if (event.key === 'Enter' && !event.shiftKey) submit(event);
          }}
        />
        <button type="submit" class="primary">
          Run
        </button>
      </form>
      <div class="bar">
        <div class="segments" role="group" aria-label="View">
          <button type="button" aria-pressed={view === 'graph'} onClick={() => setParams({ view: null })}>
            Graph
          </button>
          <button type="button" aria-pressed={view === 'table'} onClick={() => setParams({ view: 'table' })}>
            Table
          </button>
        </div>
        {view === 'graph' && <WindowPicker />}
        <ZoomReset />
      </div>
      {query === '' ? (
        <section class="card empty">
          <h2>Ask for a series</h2>
          <p>
            Type an expression above, or press <kbd>/</kbd> to search all metrics and labels.
          </p>
        </section>
      ) : view === 'graph' ? (
        <Graph key={query} query={query} seconds={windowOf(params.get('w'))} />
      ) : (
        <Table key={query} query={query} />
      )}
    </main>
  );
}

function Graph({ query, seconds }: { query: string; seconds: number }) {
  const expressions = useMemo(() => [query], [query]);
  // A plain selector says its unit by its name; what a function makes of it is only a number.
  const unit = /^[a-zA-Z_:][a-zA-Z0-9_:]*(\{.*\})?$/s.test(query) ? unitOf(query.replace(/\{.*$/s, '')) : 'number';
  const look: Look = useMemo(() => ({ unit, stacked: false, floor: 0, ceiling: null, height: 340 }), [unit]);
  const loaded = useFrame(query, expressions, seconds, ([answer]) => (answer ?? []).map(({ metric, ys }) => ({ name: seriesText(metric), metric, ys })));
  const only = loaded.frame.rows.length === 1 ? loaded.frame.rows[0]?.metric : undefined;
  const marks = useCurrentBand(only, loaded.frame.end);
  return (
    <div class="wide">
      {loaded.state === 'failed' && (
        <p class="error" role="alert">
          {loaded.problem}
        </p>
      )}
      <ChartCard title="Result" look={look} legendRows={4} marks={marks} {...loaded}>
        {marks?.band && (
          <p class="marks">
            <i class="swatch band" aria-hidden="true" />
            expected now {bandWords(unit, marks.band, null)}
          </p>
        )}
      </ChartCard>
    </div>
  );
}

// What detection expects now of the one series that is shown, for the right end of its chart. A counter's band is of its rate, which is not drawn.
function useCurrentBand(metric: Labels | undefined, end: number): Marks | null {
  const name = metric?.['__name__'] ?? '';
  const match = metric === undefined || name === '' || isCounter(name) ? '' : selectorOf(metric);
  const found = usePolled(`band ${match}`, match === '' ? 0 : 10, async signal => (match === '' ? [] : verdicts({ match, all: true, limit: 1 }, signal)));
  const verdict = found.data?.[0];
  return verdict?.band ? { band: verdict.band, expected: verdict.expected, bandFrom: end - bandSeconds, span: null } : null;
}

function Table({ query }: { query: string }) {
  const [answer, setAnswer] = useState<QueryResult | null>(null);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    const abort = new AbortController();
    queryInstant(query, null, abort.signal).then(setAnswer, (e: unknown) => {
      if (!abort.signal.aborted) setProblem(e instanceof Error ? e.message : String(e));
    });
    return () => abort.abort();
  }, [query]);

  if (problem)
    return (
      <p class="error" role="alert">
        {problem}
      </p>
    );
  if (answer === null)
    return (
      <section class="card">
        <p class="calm">Loading …</p>
      </section>
    );
  const rows = tableOf(answer);
  return (
    <section class="card">
      <div class="scroll">
        <table class="data">
          <caption>{rows.length === 0 ? 'No series matches.' : `${Math.min(rows.length, rowsAtMost)} of ${rows.length} rows`}</caption>
          <thead>
            <tr>
              <th scope="col">series</th>
              <th scope="col">value</th>
              <th scope="col">time</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, rowsAtMost).map((row, i) => (
              <tr key={i}>
                <th scope="row" class="mono">
                  {row.name}
                </th>
                <td class="mono">{row.value}</td>
                <td>{formatDateTime(row.time)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function tableOf(answer: QueryResult): { name: string; value: string; time: number }[] {
  const row = (labels: Labels, [time, value]: [number, string]) => ({ name: seriesText(labels), value, time });
  switch (answer.resultType) {
    case 'vector':
      return answer.result.map(sample => row(sample.metric, sample.value));
    case 'matrix':
      return answer.result.flatMap(series => series.values.map(value => row(series.metric, value)));
    default:
      return [row({ __name__: answer.resultType }, answer.result)];
  }
}
