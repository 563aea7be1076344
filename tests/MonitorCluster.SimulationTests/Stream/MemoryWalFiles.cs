using MonitorCluster.Stream;

namespace MonitorCluster.SimulationTests.Stream;

/// <summary>A WAL directory in memory that can crash: unsynced bytes are forgotten from a random byte on. It can also be full or broken.</summary>
internal sealed class MemoryWalFiles(Random random) : IWalFiles
{
    private readonly SortedDictionary<long, Segment> segments = [];
    private byte[]? identity;

    public bool FailsWrites { get; set; }

    public bool FailsSyncs { get; set; }

    /// <summary>Sync says that it is done and does nothing, as some disks do.</summary>
    public bool LiesAboutSync { get; set; }

    /// <summary>The power goes with the next sync. Nothing of it is synced, and whoever runs the world must <see cref="Crash"/> before anything else
    /// happens.</summary>
    public bool LosesPowerAtSync { get; set; }

    /// <summary>Whether it has.</summary>
    public bool HasLostPower { get; private set; }

    public List<long> SetAsideSegments { get; } = [];

    public IEnumerable<long> Segments => segments.Keys;

    /// <summary>Power loss: of the writes since each segment's last sync a random prefix stays, byte by byte.</summary>
    public void Crash()
    {
        foreach (Segment segment in segments.Values)
        {
            segment.Tear(random);
        }

        LosesPowerAtSync = HasLostPower = false;
    }

    /// <summary>The bytes as they are now, to be cut or flipped by a test.</summary>
    public byte[] Bytes(long segment) => segments[segment].Live.ToArray();

    public void Replace(long segment, byte[] bytes) => segments[segment] = new Segment(bytes);

    public void CopyTo(MemoryWalFiles other)
    {
        other.identity = identity;
        foreach ((long number, Segment segment) in segments)
        {
            other.segments[number] = new Segment(segment.Live.ToArray());
        }
    }

    public IReadOnlyList<WalFile> List() => [.. segments.Select(s => new WalFile(s.Key, s.Value.Live.Length))];

    public void Create(long segment, int sizeBytes)
    {
        ThrowIf(FailsWrites);
        segments.Add(segment, new Segment(new byte[sizeBytes]));
    }

    public void Write(long segment, int offset, ReadOnlySpan<byte> bytes)
    {
        if (FailsWrites)
        {
            segments[segment].Write(offset, bytes[..(bytes.Length / 2)]); // as a full disk does
        }

        ThrowIf(FailsWrites);
        segments[segment].Write(offset, bytes);
    }

    public void Sync(long segment)
    {
        ThrowIf(FailsSyncs);
        HasLostPower |= LosesPowerAtSync;
        if (!LiesAboutSync && !HasLostPower)
        {
            segments[segment].Sync();
        }
    }

    public int Read(long segment, int offset, Span<byte> target)
    {
        byte[] live = segments[segment].Live;
        int count = Math.Clamp(live.Length - offset, 0, target.Length);
        live.AsSpan(Math.Min(offset, live.Length), count).CopyTo(target);
        return count;
    }

    public void Delete(long segment) => segments.Remove(segment);

    public void SetAside(long segment)
    {
        segments.Remove(segment);
        SetAsideSegments.Add(segment);
    }

    public byte[]? ReadIdentity() => identity;

    public void WriteIdentity(ReadOnlySpan<byte> bytes)
    {
        ThrowIf(FailsWrites);
        identity = bytes.ToArray();
    }

    private static void ThrowIf(bool fails)
    {
        if (fails)
        {
            throw new IOException("No space left on device");
        }
    }

    private sealed class Segment(byte[] bytes)
    {
        private byte[] synced = bytes.ToArray();
        private int dirtyFrom = int.MaxValue;
        private int dirtyTo;

        public byte[] Live { get; private set; } = bytes;

        public void Write(int offset, ReadOnlySpan<byte> written)
        {
            int end = offset + written.Length;
            if (end > Live.Length)
            {
                byte[] longer = new byte[end];
                Live.CopyTo(longer, 0);
                Live = longer;
            }

            written.CopyTo(Live.AsSpan(offset));
            dirtyFrom = Math.Min(dirtyFrom, offset);
            dirtyTo = Math.Max(dirtyTo, end);
        }

        public void Sync()
        {
            synced = Live.ToArray();
            dirtyFrom = int.MaxValue;
            dirtyTo = 0;
        }

        public void Tear(Random random)
        {
            if (dirtyTo == 0)
            {
                return;
            }

            int kept = random.Next(dirtyFrom, dirtyTo + 1);
            byte[] torn = synced.ToArray();
            Array.Resize(ref torn, Math.Max(torn.Length, kept));
            Live.AsSpan(dirtyFrom, kept - dirtyFrom).CopyTo(torn.AsSpan(dirtyFrom));
            Live = torn;
            Sync();
        }
    }
}
