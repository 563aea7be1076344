using MonitorCluster.Aggregate;
using MonitorCluster.Alert;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Collect;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Query;

/// <summary>What a node's legs need.</summary>
/// <param name="Map">The cluster as this node knows it.</param>
/// <param name="Region">This node's shards.</param>
/// <param name="Reader">A store actor for reads.</param>
/// <param name="Journal">The journal, for acknowledgements and feedback that must be durable before they are confirmed.</param>
/// <param name="Metrics">What sources said of their families.</param>
/// <param name="Limits">What one query may use.</param>
/// <param name="StoreTimeout">The longest the store may take for one read.</param>
/// <param name="Time">The clock.</param>
internal sealed record LegContext(
    RoutingMap Map, RegionView Region, IActorRef Reader, IActorRef Journal, MetricCatalog Metrics, QueryLimits Limits, TimeSpan StoreTimeout,
    TimeProvider Time);

/// <summary>
/// This node's part of questions, for its own coordinator and for those of other nodes: says of each shard asked for whether it is here in
/// that epoch and serves, and answers for those. Safe for any thread.
/// </summary>
/// <remarks>
/// The mailbox of a shard only finds and pins; regular expressions, blocks and everything else run on the caller's thread. A shard that was
/// handed over still answers for the epoch that ended: nothing was accepted in it afterwards, so the answer is whole. An answer of one shard
/// always comes from one actor in one epoch.
/// </remarks>
internal sealed partial class LocalLegs(LegContext context)
{
    // A mailbox answers in microseconds; one that does not for so long is behind a shard that has stopped, and the question is lost.
    private static readonly TimeSpan ShardTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Answers a leg. Failures are answers, too; only the end of the token throws.</summary>
    /// <param name="leg">The question.</param>
    /// <param name="isRemote">The answer must fit a message: shards beyond that are left for later.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<QueryLegAnswer> RunAsync(QueryLeg leg, bool isRemote, CancellationToken cancellationToken)
    {
        if (leg.Version > context.Map.Current.Version)
        {
            context.Map.LookAgain(leg.Version);
        }

        // Before the data are read: what was lost later is in them.
        bool isConfirmed = context.Map.IsConfirmed(context.Time);
        var work = new LegWork(leg, context.Map.Current, context.Region);
        try
        {
            QueryLegAnswer answer = leg.Kind switch
            {
                QueryLegKind.Series or QueryLegKind.LabelNames or QueryLegKind.LabelValues or QueryLegKind.Sizes =>
                    await LabelsAsync(leg, work, isRemote, cancellationToken),
                QueryLegKind.Fetch => await FetchAsync(leg, work, isRemote, cancellationToken),
                QueryLegKind.Statistics => await StatisticsAsync(work, cancellationToken),
                QueryLegKind.OpenAlerts => await OpenAlertsAsync(work, cancellationToken),
                QueryLegKind.Acknowledge => await AcknowledgeAsync(leg, work, cancellationToken),
                QueryLegKind.Verdicts => await VerdictsAsync(leg, work, cancellationToken),
                QueryLegKind.Mutes => await MutesAsync(work, cancellationToken),
                QueryLegKind.Feedback => await FeedbackAsync(leg, work, cancellationToken),
                QueryLegKind.Signals => await SignalsAsync(work, cancellationToken),
                _ => new QueryLegAnswer { Metadata = MetadataOf(leg.Name) },
            };
            return answer with { Version = context.Map.Current.Version, IsConfirmed = isConfirmed, Coverage = work.Coverage };
        }
        catch (QueryException e)
        {
            return Failed(e.Kind, e.Message);
        }
        catch (StoreUnavailableException e)
        {
            return Failed(QueryErrorKind.Unavailable, e.Message);
        }
        catch (AskTimeoutException e)
        {
            return Failed(QueryErrorKind.Timeout, e.Message);
        }
        catch (InvalidDataException e)
        {
            return Failed(QueryErrorKind.Internal, e.Message);
        }

        QueryLegAnswer Failed(QueryErrorKind kind, string message) =>
            new() { Version = context.Map.Current.Version, Error = kind, Message = message, Coverage = work.Coverage };
    }

    private static async Task<QueryLegAnswer> StatisticsAsync(LegWork work, CancellationToken cancellationToken)
    {
        var summaries = new List<ShardSummary>();
        await AskAsync<ShardStatistics>(work, new GetShardStatistics(), (_, s) => summaries.Add(new ShardSummary(
            s.ShardId, s.Series, s.Entities, s.MiniBlocks, s.SamplesPerSecond, s.OldestMs, s.NewestMs)), cancellationToken);
        return new QueryLegAnswer { Statistics = summaries };
    }

    private static async Task<QueryLegAnswer> OpenAlertsAsync(LegWork work, CancellationToken cancellationToken)
    {
        var open = new List<AlertRecord>();
        await AskAsync<IReadOnlyList<AlertRecord>>(work, new GetOpenAlerts(), (_, alerts) => open.AddRange(alerts), cancellationToken);
        return new QueryLegAnswer { Alerts = open };
    }

    // The shard knows first; what counts is what the store has. Between the two the shard may be lost, and the change with it: then the
    // shard is not covered, and the new owner is asked.
    private async Task<QueryLegAnswer> AcknowledgeAsync(QueryLeg leg, LegWork work, CancellationToken cancellationToken)
    {
        AcknowledgeOutcome outcome = AcknowledgeOutcome.NotOpen;
        LegShard[] asked = [.. work.Serving];
        await AskAsync<AlertAcknowledged>(work, new AcknowledgeAlert(leg.Name, leg.By, leg.Comment), (_, a) => outcome = a.Outcome, cancellationToken);
        if (outcome == AcknowledgeOutcome.Acknowledged)
        {
            await context.Journal.Ask<FlushedAll>(new FlushAll(Cut: false), context.StoreTimeout, cancellationToken);
            IReadOnlyList<OpenAlertRow> rows = await StoreReads.AskAsync(
                context.Reader, "open-alerts", s => s.OpenAlerts(), context.StoreTimeout, cancellationToken);
            if (rows.FirstOrDefault(r => r.AlertId == leg.Name) is { State: not AlertState.Acknowledged })
            {
                work.NotReady(asked[0]);
            }
        }

        return new QueryLegAnswer { Outcome = outcome };
    }

    private MetricMetadata[] MetadataOf(string metric) =>
    [
        .. context.Metrics.Families.Where(f => metric.Length == 0 || f.Name == metric)
            .Select(f => new MetricMetadata(f.Name, f.Type == MetricType.Untyped ? "unknown" : f.Type.ToString().ToLowerInvariant(), f.Help, f.Unit)),
    ];

    // All are asked at once and awaited in order: a combinator of tasks would go over the thread pool, and a simulation would leave its thread.
    private static async Task AskAsync<T>(LegWork work, object question, Action<LegShard, T> take, CancellationToken cancellationToken)
    {
        LegShard[] shards = [.. work.Serving];
        Task<T>[] asked = [.. shards.Select(s => s.Ref.Ask<T>(question, ShardTimeout, cancellationToken))];
        for (int i = 0; i < shards.Length; i++)
        {
            try
            {
                take(shards[i], await asked[i]);
            }
            catch (AskTimeoutException)
            {
                work.NotReady(shards[i]);
            }
        }
    }
}
