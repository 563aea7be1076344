using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Detect;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Aggregate;

/// <summary>Alerts of a shard whose owner changes at any second of an anomaly and of a silence.</summary>
public class ShardMoveAlertTests
{
    private const long Start = 1_800_000_000_000;
    private const int CutAt = 50;

    private static readonly LabelSet Busy = LabelSet.Create("node_load1", ("host", "busy"));
    private static readonly LabelSet Silent = LabelSet.Create("node_load1", ("host", "silent"));

    [Fact]
    public void HandOver_AtAnySecond_TransitionsAreThoseOfARunWithoutOne()
    {
        List<string> straight = new Run().To(180, handOverAt: -1);
        Assert.Contains(straight, t => t.Contains("Firing Incident", StringComparison.Ordinal));
        Assert.Contains(straight, t => t.Contains("Firing Anomaly", StringComparison.Ordinal));
        Assert.Contains(straight, t => t.Contains("Firing Stale", StringComparison.Ordinal));
        Assert.Equal(3, straight.Count(t => t.Contains("Resolved", StringComparison.Ordinal)));

        for (int second = 5; second < 170; second++)
        {
            Assert.Equal(straight, new Run().To(180, second));
        }
    }

    private sealed class Run
    {
        private readonly AggregateOptions options = new();
        private readonly DetectOptions detect = new() { Step = TimeSpan.FromSeconds(1), LearningSteps = 10 };
        private readonly List<JournalRow> journal = [];
        private readonly List<SeriesRow> series = [];
        private readonly List<BlockRow> blocks = [];
        private readonly Dictionary<string, OpenAlertRow> open = [];
        private readonly List<string> transitions = [];
        private SnapshotRow? snapshot;
        private ShardState state;
        private long seq;

        public Run()
        {
            state = NewState();
            state.CursorOf(MoveCollector.Id, 1).Open(1);
        }

        public List<string> To(int seconds, int handOverAt)
        {
            ShardState? warm = null;
            for (int second = 0; second < seconds; second++)
            {
                Second(second);
                if (second == CutAt)
                {
                    Cut(second);
                }

                if (second == handOverAt - 2)
                {
                    warm = NewState();
                    Assert.Null(ShardLoader.RestoreBase(warm, Image(), NowMs(second)));
                }

                if (second == handOverAt)
                {
                    TakeOver(warm!, second);
                }
            }

            return transitions;
        }

        private static long NowMs(int second) => Start + (second * 1_000);

        private ShardState NewState() => new(0, options, detect, new AggregateCounters());

        private void Second(int second)
        {
            var writer = new SectionWriter();
            writer.Define(0, Busy);
            writer.Define(1, Silent);
            double noise = 0.01 * (second % 7);
            writer.Add(0, NowMs(second), second is >= 70 and < 90 ? 50 + noise : 1 + noise);
            if (second is < 100 or > 130)
            {
                writer.Add(1, NowMs(second), 1 + noise);
            }

            byte[] runs = writer.FinishRuns().ToArray();
            state.Offer(new BatchSection(0, MoveCollector.Id, 1, ++seq, 1, writer.Definitions.ToArray(), runs), NowMs(second));
            state.Tick(NowMs(second));
            Flush();
        }

        private void Flush()
        {
            if (state.TakeRow() is not { } row)
            {
                return;
            }

            journal.Add(new JournalRow(row.Jseq, 1, 1, row.Samples, Marks.Encode(row.Marks), row.Body));
            series.AddRange(row.Series.Select(s => new SeriesRow(s.Number, s.Labels.ToArray(), s.FirstMs)));
            foreach (MonitorCluster.Alert.AlertTransition transition in row.Alerts)
            {
                transitions.Add($"{transition.Alert.Id} {transition.Alert.Status} {transition.Alert.Kind} {transition.Alert.Host} {transition.AtMs - Start}");
                AlertTransition stored = AlertMapping.Transition(0, transition);
                open.Remove(stored.AlertId);
                if (stored.State != AlertState.Resolved)
                {
                    open[stored.AlertId] = new OpenAlertRow(stored.AlertId, 0, stored.State, stored.Body);
                }
            }

            state.RowCommitted(row);
        }

        private void Cut(int second)
        {
            CutDraft cut = state.PrepareCut(NowMs(second))!;
            snapshot = new SnapshotRow(cut.CutJseq, Marks.Encode(cut.Marks), cut.Snapshot.Pack());
            blocks.AddRange(FlushMapping.Request(1, 0, 1, cut).Blocks.Select((b, i) => b with { Id = i + 1 }));
            journal.RemoveAll(r => r.Jseq <= cut.CutJseq);
            state.CutCommitted(cut.CutJseq, snapshot.Body.Length);
        }

        private ShardImage Image() => new(new ShardLoad(0, 1, 1, snapshot, [.. journal], [.. series], [.. open.Values], 0), [.. blocks]);

        private void TakeOver(ShardState warm, int second)
        {
            long aboveJseq = warm.LastJseq;
            int aboveSeries = warm.Series.End - 1;
            var tail = new ShardTail(
                0, 2, 2, snapshot?.Jseq ?? 0, [.. journal.Where(r => r.Jseq > aboveJseq)], [.. series.Where(s => s.SeriesNo > aboveSeries)],
                [.. open.Values], 0, series.Count);
            bool isCutBetween = warm.LastCutJseq != tail.SnapshotJseq;
            Assert.Equal(!isCutBetween, ShardLoader.TryRestoreTail(warm, tail, NowMs(second)));
            if (isCutBetween)
            {
                warm = NewState();
                Assert.Null(ShardLoader.Restore(warm, Image(), NowMs(second)));
            }

            state = warm;
            Assert.Equal(seq, state.CursorOf(MoveCollector.Id, 1).LastSeq);
            state.CursorOf(MoveCollector.Id, 1).Open(1);
        }
    }
}
