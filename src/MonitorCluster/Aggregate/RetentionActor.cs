using Microsoft.Extensions.Logging;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Aggregate;

/// <summary>Deletes what retention has ended: blocks, then series without samples, then old entries of the alert log; gives space back.</summary>
/// <remarks>
/// One shard at a time and one short fenced transaction at a time, so that no flush waits long behind it. A failed or fenced step ends the
/// round; the next round finds whatever is left. The alert log belongs to no shard: whoever comes first deletes its old entries.
/// </remarks>
internal sealed partial class RetentionActor : ReceiveActor, IWithTimers
{
    private const int BlocksPerStep = 32;
    private const int SeriesPerStep = 500;
    private const int PagesPerStep = 1_024; // 8 MiB of 8 KiB pages
    private const int AlertsPerStep = 1_000;
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(30);

    private readonly AggregateOptions options;
    private readonly StoreOptions storeOptions;
    private readonly IActorRef store;
    private readonly RegionView region;
    private readonly ILogger logger;
    private readonly Queue<LocalShard> waiting = [];
    private LocalShard? shard;
    private SeriesRetired? current;
    private int retiredDone;
    private long incarnation;
    private bool running;

    public RetentionActor(AggregateOptions options, StoreOptions storeOptions, IActorRef store, RegionView region, ILogger logger)
    {
        (this.options, this.storeOptions, this.store, this.region, this.logger) = (options, storeOptions, store, region, logger);
        Receive<MembershipReady>(m => incarnation = m.Incarnation);
        Receive<RoundDue>(_ => StartRound());
        Receive<SeriesRetired>(m =>
        {
            if (m.ShardId == shard?.ShardId && m.Epoch == shard.Epoch)
            {
                Timers.Cancel("overdue");
                (current, retiredDone) = (m, 0);
                DeleteBlocks();
            }
        });
        Receive<StoreReply>(m => Next(m.Name, m.Result));
        Receive<StoreFailed>(m => EndRound(m.Error));
        Receive<RoundOverdue>(_ => NextShard()); // the shard has gone meanwhile
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private long BeforeMs => Context.System.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds() - (long)options.Retention.TotalMilliseconds;

    protected override void PreStart() => Timers.StartPeriodicTimer("round", RoundDue.Instance, options.RetentionInterval);

    private void StartRound()
    {
        if (running || !region.IsReady)
        {
            return;
        }

        running = true;
        foreach (LocalShard ready in region.All.Where(s => s.Status == LocalShardStatus.Ready))
        {
            waiting.Enqueue(ready);
        }

        NextShard();
    }

    private void NextShard()
    {
        EndShard();
        while (waiting.TryDequeue(out LocalShard? next))
        {
            // The round may be long: what is here is looked up again. A shard that moves is the new owner's matter.
            shard = region.Find(next.ShardId) is { Status: LocalShardStatus.Ready, IsMoving: false } found ? found : shard;
            if (shard is not null)
            {
                break;
            }
        }

        if (shard is not null)
        {
            shard.Ref!.Tell(new RetireSeries(BeforeMs));
            Timers.StartSingleTimer("overdue", RoundOverdue.Instance, AnswerTimeout);
        }
        else
        {
            TimeSpan keep = storeOptions.AlertLogRetention;
            store.Tell(new StoreCommand("delete-alerts", s => s.DeleteAlertLogOlderThan(keep, AlertsPerStep)));
        }
    }

    private void DeleteBlocks()
    {
        (long me, int shardId, long epoch, long beforeMs) = (incarnation, current!.ShardId, current.Epoch, current.BeforeMs);
        store.Tell(new StoreCommand("delete-blocks", s => s.DeleteBlocksBefore(me, shardId, epoch, beforeMs, BlocksPerStep)));
    }

    private void DeleteSeries()
    {
        int[] numbers = [.. current!.Numbers.Skip(retiredDone).Take(SeriesPerStep)];
        retiredDone += numbers.Length;
        (long me, int shardId, long epoch) = (incarnation, current.ShardId, current.Epoch);
        if (numbers.Length == 0)
        {
            NextShard();
            return;
        }

        store.Tell(new StoreCommand("delete-series", s => s.DeleteSeries(me, shardId, epoch, numbers)));
    }

    private void Next(string step, object? result)
    {
        switch (step)
        {
            case "delete-blocks" when result is int deleted and > 0:
                LogDeleted(deleted, current!.ShardId);
                DeleteBlocks();
                break;
            case "delete-blocks" when result is not null:
            case "delete-series" when result is not null:
                DeleteSeries();
                break;
            case "delete-alerts" when result is AlertsPerStep:
                NextShard();
                break;
            case "delete-alerts":
                long limit = storeOptions.CheckpointBytes;
                store.Tell(new StoreCommand("reclaim", s =>
                {
                    s.ReclaimSpace(PagesPerStep);
                    s.CheckpointOver(limit);
                    return new AlertLogSpan(s.OldestAlertSequence(), s.LastAlertSequence());
                }));
                break;
            case "reclaim":
                Context.System.EventStream.Publish((AlertLogSpan)result!);
                running = false;
                break;
            default:
                NextShard(); // fenced: the shard is another node's
                break;
        }
    }

    private void EndRound(Exception reason)
    {
        LogEnded(reason.Message);
        EndShard();
        waiting.Clear();
        running = false;
    }

    // Whatever became of the last step: it is done or will never be, so the shard may move.
    private void EndShard()
    {
        shard?.Ref!.Tell(new RetirementEnded());
        shard = null;
    }

    [LoggerMessage(EventId = 4201, Level = LogLevel.Information, Message = "Retention deleted {Blocks} blocks of shard {ShardId}")]
    private partial void LogDeleted(int blocks, int shardId);

    [LoggerMessage(EventId = 4202, Level = LogLevel.Warning, Message = "Retention stopped early and goes on in its next round: {Reason}")]
    private partial void LogEnded(string reason);

    private sealed class RoundOverdue
    {
        public static readonly RoundOverdue Instance = new();
    }

    private sealed class RoundDue
    {
        public static readonly RoundDue Instance = new();
    }
}

/// <summary>Asks a shard to forget series without a sample since a time; answered with <see cref="SeriesRetired"/>.</summary>
internal sealed record RetireSeries(long BeforeMs);

/// <summary>The shard has forgotten these series; the store may, too.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Epoch">Its owner's epoch.</param>
/// <param name="BeforeMs">Where retention ends for it.</param>
/// <param name="Numbers">Their numbers.</param>
internal sealed record SeriesRetired(int ShardId, long Epoch, long BeforeMs, IReadOnlyList<int> Numbers);

/// <summary>What the alert log holds, published after retention.</summary>
internal sealed record AlertLogSpan(long Oldest, long Last);
