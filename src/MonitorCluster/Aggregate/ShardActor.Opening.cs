using Microsoft.Extensions.Logging;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Aggregate;

// From the store to a serving shard. An owner loads the whole; a node that will be the owner loads the base, waits, and reads the rest when the
// shard is its own. Whatever was believed about the ownership, the store's row that is read together with the data decides.
internal sealed partial class ShardActor
{
    private static readonly TimeSpan LoadRetryDelay = TimeSpan.FromMilliseconds(500);

    // A shard that cannot be read stays so until somebody repairs the store, and stays shut: what it has is not lost by waiting.
    private static readonly TimeSpan DamagedRetryDelay = TimeSpan.FromSeconds(30);

    private bool isWarming; // the shard is not this node's yet
    private bool hasBase;
    private readonly Dictionary<Guid, (CollectorOpen Open, IActorRef Sender)> opens = []; // while it loads: the newest of each collector

    private void Opening()
    {
        Receive<StoreReply>(Load);
        Receive<StoreFailed>(LoadFailed);
        Receive<RetryLoad>(_ => AskStore());
        Receive<TakeOverShard>(TakeOver);
        Receive<ShardTick>(_ => { }); // time before the load changes nothing
        Receive<CollectorOpen>(m => opens[m.Open.CollectorId] = (m, Sender));
        ReceiveAny(_ => Stash.Stash());
    }

    private void AskStore()
    {
        int shardId = recipe.ShardId;
        if (hasBase)
        {
            (long jseq, int series) = (state.LastJseq, state.Series.End - 1);
            context.Loader.Tell(new StoreCommand("load-tail", s => s.LoadTail(shardId, jseq, series)));
        }
        else
        {
            long sinceMs = NowMs - (long)context.Aggregate.MemorySpan.TotalMilliseconds;
            context.Loader.Tell(new StoreCommand("load-shard", s => ShardImage.Read(s, shardId, sinceMs)));
        }
    }

    private void TakeOver(TakeOverShard message)
    {
        epoch = message.Epoch;
        isWarming = false;
        if (hasBase)
        {
            AskStore(); // else the base is on its way, and will be all there is or miss a few rows
        }
    }

    private void LoadFailed(StoreFailed failure)
    {
        if (failure.IsUnavailable)
        {
            LogLoadFailed(failure.Error, recipe.ShardId, LoadRetryDelay);
            Timers.StartSingleTimer("load", new RetryLoad(), LoadRetryDelay);
        }
        else
        {
            Unreadable(failure.Error);
        }
    }

    private void Load(StoreReply reply)
    {
        try
        {
            if (reply.Result is ShardImage image)
            {
                LoadBase(image);
            }
            else
            {
                LoadTail((ShardTail)reply.Result!);
            }
        }
        catch (Exception e) when (e is InvalidDataException or InvariantViolatedException)
        {
            Unreadable(e); // boundary: one shard's bytes must not end the node, nor the node that takes it over next
        }
    }

    private void LoadBase(ShardImage image)
    {
        bool isMine = image.Load.Owner == recipe.Incarnation && image.Load.Epoch == epoch;
        if (!isWarming && !isMine && !recipe.IsWarming)
        {
            NotMine(image.Load.Owner, image.Load.Epoch);
            return;
        }

        if (ShardLoader.RestoreBase(state, image, NowMs) is { } damaged)
        {
            LogDamaged(damaged, recipe.ShardId);
        }

        hasBase = true;
        if (isWarming)
        {
            Context.Parent.Tell(new ShardWarmed(recipe.ShardId, state.LastJseq));
        }
        else if (isMine)
        {
            state.EndRecovery(image.Load.OpenAlerts, NowMs);
            Serve();
        }
        else
        {
            AskStore(); // it became mine while the base was being read
        }
    }

    private void LoadTail(ShardTail tail)
    {
        if (tail.Owner != recipe.Incarnation || tail.Epoch != epoch)
        {
            NotMine(tail.Owner, tail.Epoch);
        }
        else if (ShardLoader.TryRestoreTail(state, tail, NowMs))
        {
            Serve();
        }
        else
        {
            state = NewState();
            hasBase = false;
            AskStore();
        }
    }

    private void Serve()
    {
        context.Counters.AddUnflushed(state.UnflushedBytes);
        readyAt = Context.System.TimeProvider.GetTimestamp();
        meter.NoteMemory(state);

        // What the journal covers counts: a shard that changes hands often would never be cut else, and each owner would have more to replay than the one
        // before. Spread by shard, so that a node's shards are not cut in one second.
        long interval = (long)context.Aggregate.CutInterval.TotalMilliseconds;
        long covered = (state.LastJseq - state.LastCutJseq) * (long)context.Aggregate.FlushInterval.TotalMilliseconds;
        long spread = interval / 4 * (recipe.ShardId % 16) / 16;
        nextCutMs = NowMs + Math.Max(interval - spread - covered, spread / 2);
        Become(Ready);
        LogServed(recipe.ShardId, epoch);
        context.Journal.Tell(new ShardReady(recipe.ShardId, epoch));
        Context.Parent.Tell(new ShardReady(recipe.ShardId, epoch));
        AfterChange();
        Stash.UnstashAll();
        foreach ((CollectorOpen open, IActorRef sender) in opens.Values)
        {
            Self.Tell(open, sender);
        }

        opens.Clear();
    }

    private void NotMine(long? owner, long foundEpoch)
    {
        LogNotMine(recipe.ShardId, epoch, owner, foundEpoch);
        Context.Stop(Self); // the region asks membership what is so
    }

    private void Unreadable(Exception reason)
    {
        if (reason is InvariantViolatedException)
        {
            context.Counters.AddInvariantViolation();
        }

        LogUnreadable(reason, recipe.ShardId, DamagedRetryDelay);
        if (isWarming)
        {
            Context.Stop(Self);
            return;
        }

        Context.Parent.Tell(new ShardUnreadable(recipe.ShardId));
        state = NewState(); // half of it may have been restored
        hasBase = false;
        Timers.StartSingleTimer("load", new RetryLoad(), DamagedRetryDelay);
    }

    [LoggerMessage(EventId = 4001, Level = LogLevel.Warning, Message = "Shard {ShardId} could not be loaded; next try in {Delay}")]
    private partial void LogLoadFailed(Exception exception, int shardId, TimeSpan delay);

    [LoggerMessage(EventId = 4003, Level = LogLevel.Error, Message = "{Damaged} of shard {ShardId}: its samples cannot be read; the rest is served")]
    private partial void LogDamaged(string damaged, int shardId);

    [LoggerMessage(
        EventId = 4004, Level = LogLevel.Error,
        Message = "Shard {ShardId} cannot be read and is not served here: repair or restore the store; next try in {Delay}")]
    private partial void LogUnreadable(Exception reason, int shardId, TimeSpan delay);

    [LoggerMessage(
        EventId = 4005, Level = LogLevel.Information,
        Message = "Shard {ShardId} is not opened in epoch {Epoch}: the store has owner {Owner} in epoch {FoundEpoch}")]
    private partial void LogNotMine(int shardId, long epoch, long? owner, long foundEpoch);

    [LoggerMessage(EventId = 4006, Level = LogLevel.Debug, Message = "Shard {ShardId} takes samples in epoch {Epoch}")]
    private partial void LogServed(int shardId, long epoch);

    private sealed record RetryLoad;
}
