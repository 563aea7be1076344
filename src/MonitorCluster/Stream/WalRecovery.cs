namespace MonitorCluster.Stream;

/// <summary>What the log held when it was opened.</summary>
/// <remarks>Filled by <see cref="WalLog.Open"/>, read-only afterwards.</remarks>
internal sealed class WalRecovery
{
    private readonly Dictionary<(int ShardId, long Seq), SectionPlace> places = [];
    private readonly Dictionary<int, ShardNumbers> numbers = [];

    /// <summary>The identity under which sections are numbered.</summary>
    public Guid CollectorId { get; set; }

    /// <summary>The next segment's number: over every one that was seen.</summary>
    public long NextSegment { get; set; } = 1;

    /// <summary>Own segments and where their records end, ascending.</summary>
    public List<SegmentEnd> Segments { get; } = [];

    /// <summary>Segments that another identity wrote, ascending.</summary>
    public List<long> ForeignSegments { get; } = [];

    /// <summary>What was not as it must be.</summary>
    public List<WalDamage> Damage { get; } = [];

    /// <summary>All sections found, by shard and then number; none twice. Numbers may be missing where records are lost.</summary>
    public IReadOnlyList<SectionPlace> Sections { get; private set; } = [];

    /// <summary>The numbers of every shard that was ever logged.</summary>
    public IReadOnlyCollection<ShardNumbers> Numbers => numbers.Values;

    /// <summary>Bytes of the torn tail.</summary>
    public long TornBytes => Damage.Where(d => d.IsTail).Sum(d => (long)d.SizeBytes);

    // Segments come ascending, so of two records with one number the later wins: the earlier one's sync had failed and its batch was refused.
    public void AddSection(in SectionPlace place)
    {
        places[(place.ShardId, place.Seq)] = place;
        AddNumbers(new ShardNumbers(place.ShardId, place.Seq, 0));
    }

    public void AddNumbers(ShardNumbers found)
    {
        ShardNumbers before = numbers.GetValueOrDefault(found.ShardId);
        numbers[found.ShardId] = new ShardNumbers(
            found.ShardId, Math.Max(before.LastSeq, found.LastSeq), Math.Max(before.DurableSeq, found.DurableSeq));
    }

    public void Complete()
    {
        Sections = [.. places.Values.OrderBy(p => p.ShardId).ThenBy(p => p.Seq)];
        places.Clear();
    }
}
