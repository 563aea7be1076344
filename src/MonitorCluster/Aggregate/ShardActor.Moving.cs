using Microsoft.Extensions.Logging;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Stream;

namespace MonitorCluster.Aggregate;

// The giving side of a move, as the shard lives it: Ready -- FreezeShard --> Frozen -- done --> Released, or -- cancelled --> Ready.
internal sealed partial class ShardActor
{
    // The pause is a transaction and a read: whoever is refused in it comes back when it is about over.
    private static readonly TimeSpan MovingRetryDelay = TimeSpan.FromMilliseconds(50);

    private long moveId; // 0 = stays
    private bool isBegun;
    private bool isRetiring;

    private bool IsMoving => moveId != 0;

    private void Moves()
    {
        Receive<BeginMove>(m =>
        {
            (moveId, isBegun) = (m.MoveId, false);
            SayBegun();
        });
        Receive<EndMove>(_ => moveId = 0);
        Receive<RetirementEnded>(_ =>
        {
            isRetiring = false;
            SayBegun();
        });
        Receive<FreezeShard>(Freeze);
    }

    // A cut that is still written would take away the journal rows that the new owner is about to read; series that are still deleted would
    // be known there and unknown to the store.
    private void SayBegun()
    {
        if (IsMoving && !isBegun && !cutPending && !isRetiring)
        {
            isBegun = true;
            Context.Parent.Tell(new MoveBegun(recipe.ShardId, moveId));
        }
    }

    private void CutStored(CutCommitted message)
    {
        cutPending = false;
        state.CutCommitted(message.CutJseq, message.SnapshotBytes);
        SayBegun();
    }

    private void Freeze(FreezeShard message)
    {
        if (message.MoveId != moveId)
        {
            return; // ended meanwhile, and the region knows
        }

        LogFrozen(recipe.ShardId, epoch);
        JournalDraft? row = state.TakeRow();
        meter.Note(state);
        context.Journal.Tell(new HandOverShard(
            recipe.ShardId, epoch, moveId, state.LastJseq, row, Context.System.TimeProvider.GetTimestamp()));
        Become(Frozen);
    }

    private void Frozen()
    {
        Receive<BatchSection>(m => Refuse(m.CollectorId, m.Session));
        Receive<CollectorOpen>(m => Refuse(m.Open.CollectorId, m.Open.Session));
        Receive<TakeJournal>(m => Sender.Tell(new JournalTaken(m.Round, recipe.ShardId, epoch, null, null)));
        Receive<JournalCommitted>(m => RowCommitted(m.Row)); // of the round before
        Receive<HandOverEnded>(HandedOver);
        Receive<RetireSeries>(m => Sender.Tell(new SeriesRetired(recipe.ShardId, epoch, m.BeforeMs, [])));
        Receive<GiveFeedback>(_ => Stash.Stash());
        Receive<AcknowledgeAlert>(_ => Stash.Stash()); // it changes the state: not between the last row and the word of the store
        Receive<ShardTick>(_ => { });
        Receive<RetirementEnded>(_ => { });
        Queries();
        Receive<ShardFenced>(_ => Context.Stop(Self));
    }

    private void HandedOver(HandOverEnded ended)
    {
        moveId = 0;
        switch (ended.Kind)
        {
            case HandOverKind.Done:
                Become(Released);
                if (ended.Row is not null)
                {
                    RowCommitted(ended.Row);
                }

                break;
            case HandOverKind.Cancelled:
                Become(Ready);
                Stash.UnstashAll();
                AfterChange();
                break;
            default:
                Context.Stop(Self);
                break;
        }

        Context.Parent.Tell(ended);
    }

    // Complete up to the hand-over. An acknowledgement gets no answer: its asker has a time-out, and a map with the new owner.
    private void Released()
    {
        Receive<BatchSection>(m => Refuse(m.CollectorId, m.Session));
        Receive<CollectorOpen>(m => Refuse(m.Open.CollectorId, m.Open.Session));
        Receive<TakeJournal>(m => Sender.Tell(new JournalTaken(m.Round, recipe.ShardId, epoch, null, null)));
        Receive<RetireSeries>(m => Sender.Tell(new SeriesRetired(recipe.ShardId, epoch, m.BeforeMs, [])));
        Queries();
        ReceiveAny(_ => { });
    }

    private void Refuse(Guid collectorId, long session) =>
        Sender.Tell(new NotOwner(recipe.ShardId, collectorId, session, epoch, MovingRetryDelay));

    [LoggerMessage(EventId = 4007, Level = LogLevel.Debug, Message = "Shard {ShardId} takes no samples in epoch {Epoch} any more: it moves")]
    private partial void LogFrozen(int shardId, long epoch);
}
