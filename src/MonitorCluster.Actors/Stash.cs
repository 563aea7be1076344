namespace MonitorCluster.Actors;

/// <summary>An actor that can put messages aside: the runtime sets the property before PreStart.</summary>
public interface IWithStash
{
    /// <summary>The messages put aside.</summary>
    IStash Stash { get; set; }
}

/// <summary>Messages put aside for later. Only for the actor itself.</summary>
/// <remarks>A restart puts them back into the mailbox; at the actor's end they become dead letters. At most the mailbox limit of messages.</remarks>
public interface IStash
{
    /// <summary>How many messages are aside.</summary>
    int Count { get; }

    /// <summary>Puts the message being handled aside; when the stash is full it becomes a dead letter.</summary>
    void Stash();

    /// <summary>Puts all messages back before those that wait in the mailbox, in the order they were stashed.</summary>
    void UnstashAll();
}

/// <summary>The stash of one cell.</summary>
internal sealed class MessageStash(ActorCell cell) : IStash
{
    private readonly List<Envelope> _aside = [];

    public int Count => _aside.Count;

    public void Stash()
    {
        Envelope current = cell.CurrentMessage;
        if (_aside.Count >= cell.Mailbox.Limit)
        {
            cell.Mailbox.Overflow(current);
            return;
        }

        _aside.Add(current);
    }

    public void UnstashAll()
    {
        cell.Mailbox.PutBack(_aside);
        _aside.Clear();
    }
}
