using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.SimulationTests.World;

/// <summary>What a writer has offered to a machine, and what it was told about it. No (series, time) is ever offered twice.</summary>
/// <param name="machine">The machine's name; its hosts have names of their own.</param>
/// <param name="random">The world's chance.</param>
/// <param name="isLateAllowed">Whether samples may be older than their series' newest.</param>
/// <param name="hosts">How many hosts it writes for.</param>
/// <param name="seriesMax">How many series, at most.</param>
internal sealed class SimModel(string machine, Random random, bool isLateAllowed, int hosts = 4, int seriesMax = 60)
{
    private const long TooOldMs = 2 * 3_600_000; // beyond the simulated retention of one hour

    public List<SimSeries> Series { get; } = [];

    public List<SimBatch> Batches { get; } = [];

    public IEnumerable<string> HostNames => Enumerable.Range(0, hosts).Select(h => $"{machine}{h}");

    /// <summary>The value of a series at a time: whoever reads it can tell whether it is right. It jumps at times, so that alerts fire.</summary>
    public static double ValueOf(int series, long timestampMs)
    {
        ulong mixed = (((ulong)series << 48) ^ (ulong)timestampMs) * 0x9E3779B97F4A7C15;
        return (series * 1_000) + ((mixed >> 56) / 256.0) + (timestampMs / 9_000 % 3 == 2 ? 700 : 0);
    }

    /// <summary>A batch with samples at and around an instant.</summary>
    public SimBatch NextBatch(long nowMs)
    {
        var batch = new SimBatch(isDurableWanted: random.Next(6) == 0);
        Batches.Add(batch);
        for (int samples = random.Next(1, 25); samples > 0; samples--)
        {
            Add(batch, PickSeries(), nowMs);
        }

        return batch;
    }

    /// <summary>A batch that touches every series, and so every shard: when it is durable, all before it is.</summary>
    public SimBatch LastBatch(long nowMs)
    {
        var batch = new SimBatch(isDurableWanted: true);
        Batches.Add(batch);
        while (Series.Count < hosts)
        {
            PickSeries();
        }

        foreach (SimSeries series in Series)
        {
            series.Add(batch, Math.Max(nowMs, series.NewestMs + 1), isTooOld: false, isLate: false);
        }

        return batch;
    }

    private void Add(SimBatch batch, SimSeries series, long nowMs)
    {
        int dice = random.Next(100);
        if (dice < 2)
        {
            series.Add(batch, nowMs - TooOldMs - random.Next(100_000), isTooOld: true, isLate: true);
        }
        else if (dice < 12 && isLateAllowed)
        {
            series.Add(batch, nowMs - random.Next(20_000), isTooOld: false, isLate: true);
        }
        else
        {
            series.Add(batch, Math.Max(nowMs, series.NewestMs + 1), isTooOld: false, isLate: false);
        }
    }

    private SimSeries PickSeries()
    {
        if (Series.Count == 0 || (Series.Count < seriesMax && random.Next(30) == 0))
        {
            string host = $"{machine}{Series.Count % hosts}";
            var labels = LabelSet.Create($"m{random.Next(3)}", ("host", host), ("instance", host), ("n", $"{Series.Count}"));
            Series.Add(new SimSeries(Series.Count + (machine[0] * 1_000), labels));
        }

        return Series[random.Next(Series.Count)];
    }
}

/// <summary>A series and all samples that were offered of it.</summary>
internal sealed class SimSeries(int id, LabelSet labels)
{
    public int Id { get; } = id;

    public LabelSet Labels { get; } = labels;

    public string Host { get; } = labels.Host;

    public SortedDictionary<long, SimSample> Samples { get; } = [];

    public long NewestMs { get; private set; } = long.MinValue;

    public void Add(SimBatch batch, long timestampMs, bool isTooOld, bool isLate)
    {
        while (Samples.ContainsKey(timestampMs))
        {
            timestampMs += isLate ? -1 : 1;
        }

        var sample = new SimSample(this, timestampMs, batch, isTooOld);
        Samples.Add(timestampMs, sample);
        batch.Samples.Add(sample);
        NewestMs = isTooOld ? NewestMs : Math.Max(NewestMs, timestampMs);
    }
}

/// <summary>One offered sample.</summary>
internal sealed record SimSample(SimSeries Series, long TimestampMs, SimBatch Batch, bool IsTooOld)
{
    public double Value => SimModel.ValueOf(Series.Id, TimestampMs);

    /// <summary>How often it must be in the journal, at least.</summary>
    public int CountMin => Batch.IsAcknowledged && !IsTooOld ? 1 : 0;

    /// <summary>How often it may be in the journal.</summary>
    public int CountMax => IsTooOld || (Batch.Fate == BatchFate.Refused && !Batch.MayBeLogged) ? 0 : 1;
}

/// <summary>What is known of a batch.</summary>
internal enum BatchFate
{
    /// <summary>No answer; after a crash none will come, and the samples are in the log or not.</summary>
    Unknown,

    /// <summary>Acknowledged: it must never be lost.</summary>
    Logged,

    /// <summary>Refused: it must never appear.</summary>
    Refused,

    /// <summary>The collector was restarted before it could answer: as unknown.</summary>
    Interrupted,
}

/// <summary>One batch.</summary>
internal sealed class SimBatch(bool isDurableWanted)
{
    public bool IsDurableWanted { get; } = isDurableWanted;

    public List<SimSample> Samples { get; } = [];

    /// <summary>The process it was offered to.</summary>
    public SimProcess? Process { get; set; }

    /// <summary>Its place among the batches that its process was offered.</summary>
    public int Number { get; set; }

    /// <summary>How many batches the process had been offered when it refused this one.</summary>
    public int RefusedAt { get; set; }

    public BatchFate Fate { get; set; }

    /// <summary>When its fate was known.</summary>
    public DateTimeOffset SettledAt { get; set; }

    /// <summary>It was refused because the disk failed, and the node died before the disk worked again.</summary>
    public bool MayBeLogged { get; set; }

    public bool IsAcknowledged => Fate == BatchFate.Logged;

    public bool IsDurable => IsAcknowledged && IsDurableWanted;
}
