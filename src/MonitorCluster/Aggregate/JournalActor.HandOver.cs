using Microsoft.Extensions.Logging;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Aggregate;

// T8 of the cluster protocol: a frozen shard's last row and its new owner in one transaction. It begins between two rounds, so that the row follows the
// one that the last round wrote. Unknown outcome: the same content again, until the store says done, cancelled or fenced; meanwhile rounds leave that
// one shard out, and no other shard waits for it.
internal sealed partial class JournalActor
{
    private static readonly TimeSpan GivenDelay = TimeSpan.FromSeconds(5);

    private readonly LinkedList<(HandOverShard Shard, IActorRef Asker)> handOvers = [];
    private (HandOverShard Shard, IActorRef Asker) giving;
    private HandOverRequest? handOver;
    private JournalTaken? returned; // of a cancelled hand-over: the shard's next row, and nothing of it was written
    private bool handOverInFlight;
    private int given;
    private TimeSpan pauseMax;

    private void Enqueue(HandOverShard message)
    {
        handOvers.AddLast((message, Sender));
        NextHandOver();
    }

    private void NextHandOver()
    {
        if (!IsIdle || handOver is not null)
        {
            return;
        }

        if (handOvers.First is not { Value: var next })
        {
            return;
        }

        HandOverShard shard = next.Shard;
        if (cuts.Any(c => c.ShardId == shard.ShardId && c.Epoch == shard.Epoch))
        {
            return; // its rows go with the cut; the cut's answer comes back here
        }

        handOvers.RemoveFirst();
        giving = next;
        List<JournalTaken> rows = shard.Row is null ? [] : [new JournalTaken(0, shard.ShardId, shard.Epoch, shard.Row, null)];
        var request = new HandOverRequest(
            FlushMapping.Request(incarnation, rows), shard.ShardId, shard.Epoch, shard.MoveId, (int)Pause(shard).TotalMilliseconds);
        handOver = request;
        handOverInFlight = true;
        Ask("hand-over", request, s => s.HandOver(request, isRetry: false));
    }

    private void RetryHandOver()
    {
        if (handOver is { } request && !handOverInFlight)
        {
            handOverInFlight = true;
            Ask("hand-over", request, s => s.HandOver(request, isRetry: true));
        }
    }

    private bool IsBeingGiven(int shardId) => handOver is not null && giving.Shard.ShardId == shardId;

    // A round of its own, before any row that follows it.
    private bool TryWriteReturned()
    {
        if (returned is not { } row)
        {
            return false;
        }

        returned = null;
        taken.Clear();
        taken.Add(row);
        WriteRound();
        return true;
    }

    private void HandedOver(HandOverOutcome outcome)
    {
        (HandOverShard shard, IActorRef asker) = giving;
        (giving, handOver, handOverInFlight) = (default, null, false);
        TimeSpan pause = Pause(shard);
        counters.AddHandOver(outcome.Kind, pause);
        LogHandOver(shard.ShardId, outcome.Kind, pause.TotalMilliseconds);
        asker.Tell(new HandOverEnded(shard.ShardId, shard.Epoch, shard.MoveId, shard.Jseq, outcome.Kind, shard.Row, pause));
        switch (outcome.Kind)
        {
            case HandOverKind.Done:
                Count(pause);
                if (shard.Row is not null)
                {
                    counters.AddUnflushed(-shard.Row.Body.Length);
                    counters.AddDurable(shard.Row.Samples);
                }

                Announce(outcome.Flush);
                Leave(shard.ShardId, shard.Epoch);
                break;
            case HandOverKind.Cancelled when shard.Row is not null:
                dirty.Add(shard.ShardId);
                returned = new JournalTaken(round, shard.ShardId, shard.Epoch, shard.Row, null);
                if (IsIdle)
                {
                    TryWriteReturned();
                }

                return; // the end of the round goes on
            case HandOverKind.Fenced:
                counters.AddUnflushed(-(shard.Row?.Body.Length ?? 0));
                Leave(shard.ShardId, shard.Epoch);
                break;
        }

        // The shard may have come back in a later epoch before this answer did.
        if (shards.ContainsKey(shard.ShardId))
        {
            dirty.Add(shard.ShardId); // what it said while rounds left it out was not heard
        }

        StartRoundIfDue();
        NextHandOver();
        WriteCut();
    }

    // One line for all of a few seconds: a node that leaves gives hundreds away.
    private void Count(TimeSpan pause)
    {
        given++;
        pauseMax = pause > pauseMax ? pause : pauseMax;
        if (!Timers.IsTimerActive("given"))
        {
            Timers.StartSingleTimer("given", new GivenDue(), GivenDelay);
        }
    }

    private void LogGiven()
    {
        LogGiven(given, pauseMax.TotalMilliseconds);
        (given, pauseMax) = (0, TimeSpan.Zero);
    }

    private void Leave(int shardId, long epoch)
    {
        if (shards.TryGetValue(shardId, out (IActorRef Ref, long Epoch) shard) && shard.Epoch == epoch)
        {
            Context.Unwatch(shard.Ref);
            shards.Remove(shardId);
            dirty.Remove(shardId);
        }
    }

    // The shard ended while its hand-over waited: it was lost, and the row would be fenced.
    private void DropHandOvers(IActorRef shard)
    {
        for (LinkedListNode<(HandOverShard Shard, IActorRef Asker)>? node = handOvers.First; node is not null;)
        {
            LinkedListNode<(HandOverShard Shard, IActorRef Asker)>? next = node.Next;
            if (node.Value.Asker.Equals(shard))
            {
                counters.AddUnflushed(-(node.Value.Shard.Row?.Body.Length ?? 0));
                handOvers.Remove(node);
            }

            node = next;
        }
    }

    private TimeSpan Pause(HandOverShard shard) => shard.FrozenAt == 0 ? TimeSpan.Zero : Context.System.TimeProvider.GetElapsedTime(shard.FrozenAt);

    [LoggerMessage(EventId = 4103, Level = LogLevel.Debug, Message = "Hand-over of shard {ShardId}: {Kind} after a pause of {PauseMs:0} ms")]
    private partial void LogHandOver(int shardId, HandOverKind kind, double pauseMs);

    [LoggerMessage(EventId = 4104, Level = LogLevel.Information, Message = "{Count} shards handed over; longest pause {PauseMs:0} ms")]
    private partial void LogGiven(int count, double pauseMs);

    private sealed record GivenDue;
}
