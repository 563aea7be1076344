using Microsoft.Extensions.Logging;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Aggregate;

/// <summary>
/// Step 8 of a sample's journey: writes the dirty shards of this node to the journal, all in one fenced transaction per round, then tells
/// them; and stores the cuts that came with the rows.
/// </summary>
/// <remarks>
/// One round at a time. A round is: ask every dirty shard for its row, write all rows, tell the shards. When the outcome of a write is
/// unknown, the very same rows are offered again until the store answers: a new number would double the samples, leaving them out
/// would lose them. New samples wait for the next round. Shards come and go at any time: one that ends is waited for no longer, and what it gave
/// before is written, or fenced, without it. JournalActor.HandOver.cs gives shards away: a hand-over begins between two rounds, and rounds of the
/// other shards go on beside it.
/// </remarks>
internal sealed partial class JournalActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan UrgentDelay = TimeSpan.FromMilliseconds(50); // transitions of one instant share a round; 100 ms is promised
    private static readonly TimeSpan RoundTimeout = TimeSpan.FromSeconds(30); // a shard answers between two batches; this long means that it never will
    private static readonly TimeSpan RetryDelayMin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryDelayMax = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(60); // over all that the store waits for: a command or its answer was lost

    private readonly AggregateOptions options;
    private readonly AggregateCounters counters;
    private readonly IActorRef store;
    private readonly ILogger logger;
    private long incarnation;

    private readonly Dictionary<int, (IActorRef Ref, long Epoch)> shards = [];
    private readonly HashSet<IActorRef> awaited = [];
    private readonly HashSet<int> dirty = [];
    private readonly List<JournalTaken> taken = [];
    private readonly List<(int ShardId, long Epoch, CutDraft Cut)> cutsOfRound = [];
    private readonly Queue<(int ShardId, long Epoch, CutDraft Cut)> cuts = [];
    private readonly List<IActorRef> waitingForAll = [];
    private readonly List<IActorRef> servedByRound = [];
    private long round;
    private FlushRequest? flush;
    private bool cutAll;
    private bool roundWaits; // it became due while another one was under way
    private bool flushInFlight;
    private long flushAt; // when it was first offered
    private bool cutInFlight;
    private TimeSpan retryDelay = RetryDelayMin;

    public JournalActor(AggregateOptions options, AggregateCounters counters, IActorRef store, ILogger logger)
    {
        (this.options, this.counters, this.store, this.logger) = (options, counters, store, logger);
        Receive<ShardReady>(m => shards[m.ShardId] = (Context.Watch(Sender), m.Epoch));
        Receive<Terminated>(m => Ended(m.ActorRef));
        Receive<ShardDirty>(MarkDirty);
        Receive<FlushDue>(_ => StartRound());
        Receive<HandOverShard>(Enqueue);
        Receive<GivenDue>(_ => LogGiven());
        Receive<FlushAll>(m =>
        {
            waitingForAll.Add(Sender);
            cutAll |= m.Cut;
            StartRound();
        });
        Receive<MembershipReady>(m => incarnation = m.Incarnation);
        Receive<JournalTaken>(CollectRow);
        Receive<StoreReply>(StoreAnswered);
        Receive<StoreFailed>(StoreFailed);
        Receive<RetryStore>(_ => Retry());
        Receive<StoreSilent>(m => GiveUpWaiting(m.Name, m.Tag));
        Receive<RoundOverdue>(m =>
        {
            if (m.Round == round && awaited.Count > 0)
            {
                throw new InvalidOperationException($"{awaited.Count} shards did not give their rows within {RoundTimeout}");
            }
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private bool IsIdle => awaited.Count == 0 && flush is null;

    protected override void PreStart()
    {
        counters.Flushes = new DelayWindow(Context.System.TimeProvider, RunMeter.Window);
        Timers.StartPeriodicTimer("flush", FlushDue.Instance, options.FlushInterval);
    }

    private void MarkDirty(ShardDirty message)
    {
        dirty.Add(message.ShardId);
        if (counters.UnflushedBytes >= options.FlushBytes)
        {
            StartRound();
        }
        else if (message.Urgent && !IsIdle)
        {
            roundWaits = true;
        }
        else if (message.Urgent && !Timers.IsTimerActive("urgent"))
        {
            Timers.StartSingleTimer("urgent", FlushDue.Instance, UrgentDelay);
        }
    }

    private void StartRound()
    {
        if (!IsIdle || (dirty.Count == 0 && waitingForAll.Count == 0))
        {
            roundWaits |= dirty.Count > 0;
            return;
        }

        bool all = waitingForAll.Count > 0;
        servedByRound.AddRange(waitingForAll);
        waitingForAll.Clear();
        round++;
        taken.Clear();
        foreach ((int shardId, (IActorRef shard, _)) in shards)
        {
            if ((all || dirty.Contains(shardId)) && !IsBeingGiven(shardId))
            {
                awaited.Add(shard);
                shard.Tell(new TakeJournal(round, cutAll));
            }
        }

        Timers.StartSingleTimer("overdue", new RoundOverdue(round), RoundTimeout);
        dirty.Clear();
        roundWaits = false;
        cutAll = false;
        if (awaited.Count == 0)
        {
            EndRound();
        }
    }

    private void CollectRow(JournalTaken message)
    {
        if (message.Round != round || !awaited.Remove(Sender))
        {
            message.Cut?.Snapshot.Drop();
            return;
        }

        if (message.Row is not null)
        {
            taken.Add(message);
        }

        if (message.Cut is not null)
        {
            cutsOfRound.Add((message.ShardId, message.Epoch, message.Cut));
        }

        WriteRound();
    }

    private void WriteRound()
    {
        if (awaited.Count > 0)
        {
            return;
        }

        if (taken.Count == 0)
        {
            EndRound();
            return;
        }

        taken.Sort((a, b) => a.ShardId.CompareTo(b.ShardId));
        flush = FlushMapping.Request(incarnation, taken);
        flushInFlight = true;
        flushAt = Context.System.TimeProvider.GetTimestamp();
        FlushRequest request = flush;
        Ask("flush", request, s => s.Flush(request));
    }

    // Fenced, lost, or given away. A row that it gave to this round is written all the same: the fence says whether it may be.
    private void Ended(IActorRef shard)
    {
        foreach (int shardId in shards.Where(s => s.Value.Ref.Equals(shard)).Select(s => s.Key).ToArray())
        {
            shards.Remove(shardId);
            dirty.Remove(shardId);
        }

        DropHandOvers(shard);
        if (awaited.Remove(shard))
        {
            WriteRound();
        }
    }

    private void StoreAnswered(StoreReply reply)
    {
        retryDelay = RetryDelayMin;
        if (reply.Result is FlushResult result && ReferenceEquals(reply.Tag, flush))
        {
            Committed(result);
        }
        else if (reply.Result is CutResult cut && IsCutUnderWay(reply.Tag))
        {
            (int shardId, long epoch, CutDraft draft) = cuts.Dequeue();
            cutInFlight = false;
            if (cut.IsFenced)
            {
                Fence(shardId, epoch);
            }
            else
            {
                TellShard(shardId, epoch, new CutCommitted(draft.CutJseq, draft.Snapshot.Pack().Length));
            }

            WriteCut();
            NextHandOver();
        }
        else if (reply.Result is HandOverOutcome outcome && ReferenceEquals(reply.Tag, handOver))
        {
            HandedOver(outcome);
        }
    }

    private void Committed(FlushResult result)
    {
        flush = null;
        flushInFlight = false;
        long now = Context.System.TimeProvider.GetTimestamp();
        counters.Flushes!.Add(now, now - flushAt);
        foreach (JournalTaken message in taken)
        {
            counters.AddUnflushed(-message.Row!.Body.Length);
            if (result.FencedShards.Contains(message.ShardId))
            {
                Fence(message.ShardId, message.Epoch);
            }
            else
            {
                counters.AddDurable(message.Row.Samples);
                TellShard(message.ShardId, message.Epoch, new JournalCommitted(message.Row));
            }
        }

        Announce(result);
        EndRound();
    }

    private void Announce(FlushResult result)
    {
        if (result.AlertSequences.Count > 0 && result.AlertSequences.Max() is > 0 and long last)
        {
            Context.System.EventStream.Publish(new AlertsCommitted(last));
        }
    }

    // A cut covers rows up to its own round's: were it written before they are, a crash between the two would leave blocks whose series and
    // alerts nobody stored, and a repeated flush would find its row gone and write it twice. So cuts are let go when their round has ended.
    private void EndRound()
    {
        cutsOfRound.ForEach(cuts.Enqueue);
        cutsOfRound.Clear();
        if (TryWriteReturned())
        {
            return;
        }

        WriteCut();
        NextHandOver(); // before the next round: a hand-over waits for one at most
        StartRoundIfDue();
    }

    private void StartRoundIfDue()
    {
        if (IsIdle && (counters.UnflushedBytes >= options.FlushBytes || waitingForAll.Count > 0 || roundWaits))
        {
            StartRound();
        }
    }

    // Cuts go one by one between rounds: each is a transaction of its own, and none may starve the flush.
    private void WriteCut()
    {
        if (cutInFlight)
        {
            return;
        }

        if (cuts.TryPeek(out (int ShardId, long Epoch, CutDraft Cut) next))
        {
            cutInFlight = true;
            long writer = incarnation;
            Ask("cut", next.Cut, s => s.Cut(FlushMapping.Request(writer, next.ShardId, next.Epoch, next.Cut))); // packed there: no shard waits for it
        }
        else if (IsIdle && handOver is null && handOvers.Count == 0)
        {
            servedByRound.ForEach(r => r.Tell(FlushedAll.Instance));
            servedByRound.Clear();
        }
    }

    private void StoreFailed(StoreFailed failure)
    {
        if (!failure.IsUnavailable)
        {
            // The same content would fail in the same way for ever, and every shard of the node would wait behind it.
            throw new InvalidOperationException($"the store refused a {failure.Name}: {failure.Error.Message}", failure.Error);
        }

        LogStoreFailed(failure.Error, failure.Name, retryDelay);
        Timers.StartSingleTimer("retry-" + failure.Name, new RetryStore(), retryDelay);
        retryDelay = TimeSpan.FromTicks(Math.Min(retryDelay.Ticks * 2, RetryDelayMax.Ticks));
        NotInFlight(failure.Tag);
    }

    private void Ask(string name, object tag, Func<SqlStore, object?> run)
    {
        store.Tell(new StoreCommand(name, run, tag));
        Timers.StartSingleTimer("silent-" + name, new StoreSilent(name, tag), SilenceMax);
    }

    // Perhaps the command still waits there. The store works in order, so the second one finds what the first did, and a second answer is not heard.
    private void GiveUpWaiting(string name, object tag)
    {
        if (NotInFlight(tag))
        {
            LogSilent(name, SilenceMax);
            Retry();
        }
    }

    private bool NotInFlight(object? tag)
    {
        (bool isFlush, bool isCut, bool isHandOver) = (
            flushInFlight && ReferenceEquals(tag, flush), cutInFlight && IsCutUnderWay(tag), handOverInFlight && ReferenceEquals(tag, handOver));
        (flushInFlight, cutInFlight, handOverInFlight) = (flushInFlight && !isFlush, cutInFlight && !isCut, handOverInFlight && !isHandOver);
        return isFlush || isCut || isHandOver;
    }

    private bool IsCutUnderWay(object? tag) => cuts.TryPeek(out (int ShardId, long Epoch, CutDraft Cut) first) && ReferenceEquals(tag, first.Cut);

    private void Retry()
    {
        if (flush is { } request && !flushInFlight)
        {
            flushInFlight = true;
            Ask("flush", request, s => s.FlushRetry(request));
        }

        RetryHandOver();
        WriteCut();
    }

    // The shard may have been won again meanwhile: what is of an older epoch does not concern the one that is here now.
    private void TellShard(int shardId, long epoch, object message)
    {
        if (shards.TryGetValue(shardId, out (IActorRef Ref, long Epoch) shard) && shard.Epoch == epoch)
        {
            shard.Ref.Tell(message);
        }
    }

    private void Fence(int shardId, long epoch)
    {
        LogFenced(shardId, epoch);
        TellShard(shardId, epoch, new ShardFenced(shardId));
    }

    [LoggerMessage(EventId = 4101, Level = LogLevel.Warning, Message = "The store did not take a {Operation}; the same content is offered again in {Delay}")]
    private partial void LogStoreFailed(Exception exception, string operation, TimeSpan delay);

    [LoggerMessage(EventId = 4102, Level = LogLevel.Warning, Message = "Shard {ShardId} lost: epoch {Epoch} is fenced")]
    private partial void LogFenced(int shardId, long epoch);

    [LoggerMessage(EventId = 4106, Level = LogLevel.Warning, Message = "The store has not answered a {Operation} for {Silence}; it is offered again")]
    private partial void LogSilent(string operation, TimeSpan silence);

    private sealed class FlushDue
    {
        public static readonly FlushDue Instance = new();
    }

    private sealed record RetryStore;

    private sealed record StoreSilent(string Name, object Tag);

    private sealed record RoundOverdue(long Round);
}

/// <summary>Write all shards now; answered with <see cref="FlushedAll"/> when everything accepted before is in the store.</summary>
/// <param name="Cut">Cut them, too.</param>
internal sealed record FlushAll(bool Cut);

/// <summary>The answer to <see cref="FlushAll"/>.</summary>
internal sealed class FlushedAll
{
    public static readonly FlushedAll Instance = new();
}

/// <summary>Alerts up to a sequence number are in the log. Published on the event stream after the commit.</summary>
internal sealed record AlertsCommitted(long LastSequence);
