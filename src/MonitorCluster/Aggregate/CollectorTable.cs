namespace MonitorCluster.Aggregate;

/// <summary>The collectors that this node has heard of, and their numbers: the store is asked once for each, however often one says hello.</summary>
/// <remarks>One writer: the region's mailbox. A number in the store is for ever, so that what is known needs no second look.</remarks>
internal sealed class CollectorTable
{
    /// <summary>When an answer of the store is no longer waited for: it, or the question, was lost.</summary>
    internal const long AskAgainMs = 30_000;

    internal const int CreditBytesMin = 256 << 10;
    internal const int CreditBytesMax = 4 << 20;
    private const int BudgetBytes = 256 << 20;

    private readonly Dictionary<Guid, long> numbers = [];
    private readonly Dictionary<Guid, (IActorRef Asker, long AskedMs)> pending = [];

    /// <summary>
    /// What one more collector may have in flight to this node: enough to hide a flush, and little enough that all together stay within memory. Those that
    /// came before there were many keep what they were given until they come anew.
    /// </summary>
    public int CreditBytes => Math.Clamp(BudgetBytes / Math.Max(1, numbers.Count), CreditBytesMin, CreditBytesMax);

    /// <summary>The collector's number.</summary>
    /// <returns>False when the store has not said it.</returns>
    public bool TryFind(Guid id, out long number) => numbers.TryGetValue(id, out number);

    /// <summary>A collector that is not known says hello.</summary>
    /// <returns>Whether the store must be asked: nobody has, or not lately.</returns>
    public bool MustAsk(Guid id, IActorRef asker, long nowMs)
    {
        bool isAsked = pending.TryGetValue(id, out (IActorRef Asker, long AskedMs) one) && nowMs - one.AskedMs < AskAgainMs;
        pending[id] = (asker, isAsked ? one.AskedMs : nowMs); // its newest link hears the answer
        return !isAsked;
    }

    /// <summary>The store has said a collector's number.</summary>
    /// <returns>Who waits for it; null when nobody does.</returns>
    public IActorRef? Answered(Guid id, long number)
    {
        numbers[id] = number;
        return pending.Remove(id, out (IActorRef Asker, long AskedMs) one) ? one.Asker : null;
    }

    /// <summary>The store could not say it; the collector says hello again.</summary>
    public void Failed(Guid id) => pending.Remove(id);
}
