using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Aggregate;

/// <summary>What a shard knows of one collector: how far its batches were applied and made durable, and its open dictionary.</summary>
/// <remarks>
/// Rule of acceptance: <c>seq &lt;= LastSeq</c> is dropped and acknowledged, <c>LastSeq + 1</c> applied, anything else refused. This, with marks
/// that are stored in the same row as the data, is what makes delivery exactly-once. One writer: the shard's mailbox.
/// </remarks>
internal sealed class CollectorCursor(long collectorNo)
{
    // A handle is an index into an array: the bound keeps a hostile dictionary from asking for gigabytes.
    public const int HandlesMax = 1 << 22;

    private int[] slots = [];

    /// <summary>The collector's number in the store.</summary>
    public long CollectorNo { get; } = collectorNo;

    /// <summary>Number of the last batch applied.</summary>
    public long LastSeq { get; set; }

    /// <summary>Number of the last batch that a committed journal row contains.</summary>
    public long DurableSeq { get; set; }

    /// <summary>The session whose sections are read; sections of another are stale.</summary>
    public long Session { get; private set; } = -1;

    /// <summary>The dictionary that <see cref="Resolve"/> answers from.</summary>
    public long DictionaryId { get; private set; } = -1;

    /// <summary>Starts a session: its dictionary is empty.</summary>
    public void Open(long session)
    {
        Session = session;
        DictionaryId = -1;
        slots = [];
    }

    /// <summary>Switches to a dictionary; one already open keeps its handles.</summary>
    public void UseDictionary(long dictionaryId)
    {
        if (dictionaryId != DictionaryId)
        {
            DictionaryId = dictionaryId;
            slots.AsSpan().Fill(Unknown);
        }
    }

    /// <summary>The handle has no definition.</summary>
    public const int Unknown = -1;

    /// <summary>The handle's series was refused (a limit); its samples are counted and dropped.</summary>
    public const int Refused = -2;

    /// <summary>Gives a handle its series number, or <see cref="Refused"/>.</summary>
    /// <returns>False when the handle is out of range.</returns>
    public bool Define(int handle, int slot)
    {
        if ((uint)handle >= HandlesMax)
        {
            return false;
        }

        if (handle >= slots.Length)
        {
            int before = slots.Length;
            Array.Resize(ref slots, Math.Max(handle + 1, before * 2));
            slots.AsSpan(before).Fill(Unknown);
        }

        slots[handle] = slot;
        return true;
    }

    /// <summary>Undefines the handles of series that are gone.</summary>
    public void Forget(HashSet<int> numbers)
    {
        foreach (ref int slot in slots.AsSpan())
        {
            slot = numbers.Contains(slot) ? Unknown : slot;
        }
    }

    /// <summary>The series number of a handle; <see cref="Unknown"/> or <see cref="Refused"/> otherwise.</summary>
    public int Resolve(int handle) => (uint)handle < (uint)slots.Length ? slots[handle] : Unknown;
}

/// <summary>The marks of a journal row or snapshot: collector number and highest batch number, as varint pairs.</summary>
internal static class Marks
{
    /// <summary>Encodes pairs; the order is the caller's.</summary>
    public static byte[] Encode(IReadOnlyCollection<KeyValuePair<long, long>> marks)
    {
        byte[] bytes = new byte[marks.Count * 2 * Varint.BytesMax];
        int length = 0;
        foreach ((long collectorNo, long seq) in marks)
        {
            length += Varint.Write(bytes.AsSpan(length), (ulong)collectorNo);
            length += Varint.Write(bytes.AsSpan(length), (ulong)seq);
        }

        return bytes[..length];
    }

    /// <summary>Reads pairs.</summary>
    /// <exception cref="InvalidDataException">The bytes are no marks.</exception>
    public static IEnumerable<KeyValuePair<long, long>> Decode(ReadOnlyMemory<byte> bytes)
    {
        int offset = 0;
        while (offset < bytes.Length)
        {
            if (!Varint.TryRead(bytes.Span, ref offset, out ulong collectorNo) || !Varint.TryRead(bytes.Span, ref offset, out ulong seq))
            {
                throw new InvalidDataException($"marks end inside a number at byte {offset} of {bytes.Length}");
            }

            yield return KeyValuePair.Create((long)collectorNo, (long)seq);
        }
    }
}
