using MonitorCluster.Aggregate;
using MonitorCluster.Alert;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Query;

/// <content>What detection thinks, and what people say about it.</content>
internal sealed partial class LocalLegs
{
    // As with series: the mailbox applies name and fixed labels, everything else runs here.
    private static async Task<QueryLegAnswer> VerdictsAsync(QueryLeg leg, LegWork work, CancellationToken cancellationToken)
    {
        (Label[] fixedLabels, LabelMatcher[] others) = Split(leg.Matchers);
        var verdicts = new List<SeriesVerdict>();
        await AskAsync<IReadOnlyList<SeriesVerdict>>(
            work, new GetVerdicts(MetricOf(leg.Matchers), fixedLabels, leg.Name == QueryLeg.All), Match, cancellationToken);
        verdicts.Sort(VerdictOrder.Instance);
        return new QueryLegAnswer { Verdicts = verdicts.Count > leg.SeriesMax ? verdicts.GetRange(0, leg.SeriesMax) : verdicts };

        void Match(LegShard shard, IReadOnlyList<SeriesVerdict> candidates)
        {
            foreach (SeriesVerdict candidate in candidates)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Array.TrueForAll(others, m => m.Matches(candidate.Labels[m.Name])))
                {
                    verdicts.Add(candidate);
                }
            }
        }
    }

    private static async Task<QueryLegAnswer> MutesAsync(LegWork work, CancellationToken cancellationToken)
    {
        var mutes = new Dictionary<string, Mute>(StringComparer.Ordinal);
        await AskAsync<IReadOnlyList<Mute>>(work, new GetMutes(), (_, found) => found.ToList().ForEach(m => mutes.TryAdd(m.Id, m)), cancellationToken);
        return new QueryLegAnswer { Mutes = [.. mutes.Values] };
    }

    private static async Task<QueryLegAnswer> SignalsAsync(LegWork work, CancellationToken cancellationToken)
    {
        var parts = new List<MetricSignals>();
        await AskAsync<IReadOnlyList<MetricSignals>>(work, new GetSignals(), (_, signals) => parts.AddRange(signals), cancellationToken);
        return new QueryLegAnswer { Signals = MetricSignals.Sum(parts) };
    }

    // The shard knows first; what counts is what the store has. A flush leaves out what is fenced and does not say so, but epochs only rise: a shard
    // that this node still owns in the epoch of the question was not fenced when it was written. The others are not covered, and their owner is asked.
    private async Task<QueryLegAnswer> FeedbackAsync(QueryLeg leg, LegWork work, CancellationToken cancellationToken)
    {
        FeedbackCommand command = FeedbackCommand.FromJson(leg.Name)
            ?? throw new QueryException(QueryErrorKind.BadData, "the leg's name is no command about anomalies that this node knows");
        var given = new List<(LegShard Shard, FeedbackOutcome Outcome)>();
        await AskAsync<FeedbackGiven>(work, new GiveFeedback(command), (shard, answer) => given.Add((shard, answer.Outcome)), cancellationToken);
        bool isAnyChanged = given.Exists(g => g.Outcome.IsFound) || (command.Target.Length == 0 && given.Count > 0);
        if (isAnyChanged && context.Map.Current.Self is { } self)
        {
            await context.Journal.Ask<FlushedAll>(new FlushAll(Cut: false), context.StoreTimeout, cancellationToken);
            IReadOnlyList<ShardEpoch> owned = await StoreReads.AskAsync(
                context.Reader, "own-shards", s => s.ShardsOf(self.Incarnation), context.StoreTimeout, cancellationToken);
            HashSet<ShardEpoch> kept = [.. owned];
            given.FindAll(g => !kept.Contains(leg.Shards[g.Shard.Index])).ForEach(g => work.NotReady(g.Shard));
            given.RemoveAll(g => !kept.Contains(leg.Shards[g.Shard.Index]));
        }
        else if (isAnyChanged)
        {
            given.ForEach(g => work.NotReady(g.Shard)); // not a member any more: whoever is will be asked
            given.Clear();
        }

        return new QueryLegAnswer { Feedback = new FeedbackOutcome(given.Exists(g => g.Outcome.IsFound), given.Sum(g => g.Outcome.Series)) };
    }

    private static (Label[] FixedLabels, LabelMatcher[] Others) Split(IReadOnlyList<LabelMatcher> matchers) =>
    (
        [.. matchers.Where(m => m.Operator == MatchOperator.Equal).Select(m => new Label(m.Name, m.Value))],
        [.. matchers.Where(m => m.Operator != MatchOperator.Equal)]);
}
