using System.Diagnostics;
using System.Globalization;
using MonitorCluster.Aggregate;
using MonitorCluster.Detect;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Bench.Core;

/// <summary>Steps 5 to 7 of a sample's journey on one thread: accept, aggregate, detect, with every series touched once per round (cache-cold).</summary>
internal static class CoreBenchmark
{
    private const int SeriesPerEntity = 10;
    private const int EntitiesPerSection = 50;
    private static readonly Guid Collector = new("00000000-0000-0000-0000-000000000001");

    public static int Run(string[] arguments)
    {
        int seriesCount = 200_000, rounds = 90, stepSeconds = 10, detectSeconds = 10;
        bool detect = true;
        string prefix = "node_bench"; // of no known meaning to detection: nothing is scored
        foreach (string argument in arguments)
        {
            string[] parts = argument.Split('=');
            switch (parts[0])
            {
                case "--series":
                    seriesCount = int.Parse(parts[1], CultureInfo.InvariantCulture);
                    break;
                case "--rounds":
                    rounds = int.Parse(parts[1], CultureInfo.InvariantCulture);
                    break;
                case "--no-detect":
                    detect = false;
                    break;
                case "--detect-step":
                    detectSeconds = int.Parse(parts[1], CultureInfo.InvariantCulture);
                    break;
                case "--judged":
                    prefix = "bench";
                    break;
                case "--full":
                    rounds = 360;
                    break;
                default:
                    Console.Error.WriteLine($"{argument} is not an option: --series=N --rounds=N --judged --detect-step=SECONDS --no-detect --full");
                    return 64;
            }
        }

        long heapBefore = GC.GetTotalMemory(forceFullCollection: true);
        var counters = new AggregateCounters();
        long startMs = 1_800_000_000_000;
        var options = new DetectOptions { Enabled = detect, Step = TimeSpan.FromSeconds(detectSeconds) };
        var state = new ShardState(0, new AggregateOptions { SeriesPerHostMax = 10_000_000 }, options, counters);
        state.CursorOf(Collector, 1).Open(1);
        BatchSection[] sections = MakeSections(seriesCount, startMs, prefix);
        long seq = 0;
        var seconds = new List<double>();
        long steadyBytes = 0, steadySamples = 0, sealBytes = 0, sealSamples = 0;
        using Process process = Process.GetCurrentProcess();
        for (int round = 0; round < rounds; round++)
        {
            long nowMs = startMs + (round * stepSeconds * 1000L);
            Restamp(sections, nowMs, round);
            bool seals = round % RowGroup.RowsMax == 0 && round > 0;
            long bytesBefore = GC.GetAllocatedBytesForCurrentThread();
            TimeSpan cpuBefore = process.TotalProcessorTime;
            foreach (BatchSection section in sections)
            {
                if (state.Offer(section with { Seq = ++seq }, nowMs) != SectionOutcome.Applied)
                {
                    throw new InvalidOperationException($"section {seq} was not applied");
                }
            }

            process.Refresh();
            double cpu = (process.TotalProcessorTime - cpuBefore).TotalSeconds;
            long bytes = GC.GetAllocatedBytesForCurrentThread() - bytesBefore - ((long)sections.Length * SectionBytes);
            if (seals)
            {
                (sealBytes, sealSamples) = (sealBytes + bytes, sealSamples + seriesCount);
            }
            else if (round >= 10)
            {
                (steadyBytes, steadySamples) = (steadyBytes + bytes, steadySamples + seriesCount);
                seconds.Add(cpu);
            }

            _ = state.TakeRow(); // as every flush does; its copy of the row is not the sample's path
        }

        double mean = seconds.Average(); // the process clock ticks coarsely, so a median of rounds would be a multiple of its tick
        double rate = seriesCount / mean;
        long stateBytes = GC.GetTotalMemory(forceFullCollection: true) - heapBefore;
        double perSample = Math.Max(0, (double)steadyBytes / steadySamples), perSeal = sealSamples == 0 ? 0 : (double)sealBytes / sealSamples;
        double perSeries = (double)stateBytes / seriesCount;
        string detection = !detect ? "off" : prefix == "bench" ? $"of every series, step {detectSeconds} s" : "on";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            series {seriesCount}, rounds {rounds}, one section = {EntitiesPerSection * SeriesPerEntity} samples, detection {detection}
            samples/s/core          {rate,14:0}   (mean of the rounds; budget 10,000,000 at 200,000 series)
            CPU ns/sample           {1e9 * mean / seriesCount,14:0.0}
            allocated bytes/sample  {perSample,14:0.000}   (rounds that seal nothing)
            sealed bytes/sample     {perSeal / RowGroup.RowsMax,14:0.000}   (a sealing round's allocation over the rows it seals)
            state bytes/series      {perSeries,14:0.0}   (everything the process holds, sections of the benchmark included)
            RESULT samples_per_s_core={rate:0} alloc_bytes_per_sample={perSample:0.000} seal_bytes_per_sample={perSeal / RowGroup.RowsMax:0.000}
            """)
            + string.Create(CultureInfo.InvariantCulture, $" state_bytes_per_series={perSeries:0.0} cpu_ns_per_sample={1e9 * mean / seriesCount:0.0}"));
        GC.KeepAlive(state);
        return 0;
    }

    // The record that carries a section: its `with` copy is the benchmark's, not the shard's.
    private static readonly int SectionBytes = MeasureSection();

    private static int MeasureSection()
    {
        var section = new BatchSection(0, Collector, 1, 1, 1, default, default);
        _ = section with { Seq = 2 };
        long before = GC.GetAllocatedBytesForCurrentThread();
        BatchSection copy = section with { Seq = 3 };
        long after = GC.GetAllocatedBytesForCurrentThread();
        GC.KeepAlive(copy);
        return (int)(after - before);
    }

    private static BatchSection[] MakeSections(int seriesCount, long startMs, string prefix)
    {
        int perSection = SeriesPerEntity * EntitiesPerSection;
        var sections = new BatchSection[(seriesCount + perSection - 1) / perSection];
        for (int s = 0; s < sections.Length; s++)
        {
            var writer = new SectionWriter();
            for (int i = s * perSection; i < Math.Min(seriesCount, (s + 1) * perSection); i++)
            {
                string metric = $"{prefix}_{i / SeriesPerEntity % 500}_seconds";
                writer.Define(i, LabelSet.Create(metric, ("host", $"h{i / SeriesPerEntity / 500}"), ("n", $"{i % SeriesPerEntity}")));
                writer.Add(i, startMs, i);
            }

            byte[] runs = writer.FinishRuns().ToArray();
            sections[s] = new BatchSection(0, Collector, 1, 0, 1, writer.Definitions.ToArray(), runs);
        }

        return sections;
    }

    // New times and values in place: the encoding of one run is a timestamp, a count, the handles, then eight bytes per value.
    private static void Restamp(BatchSection[] sections, long nowMs, int round)
    {
        for (int s = 0; s < sections.Length; s++)
        {
            var writer = new SectionWriter();
            var reader = new SectionReader(sections[s].Runs.Span);
            while (reader.MoveNextRun())
            {
                while (reader.MoveNext())
                {
                    // a counter, a drifting gauge, a constant ... by turns
                    double value = (reader.Handle % 4) switch
                    {
                        0 => round * 17.0,
                        1 => reader.Handle % 97,
                        2 => Math.Round(Math.Sin(round + reader.Handle) * 50, 2),
                        _ => reader.Value,
                    };
                    writer.Add(reader.Handle, nowMs, value);
                }
            }

            byte[] runs = writer.FinishRuns().ToArray();
            sections[s] = sections[s] with { Definitions = round == 0 ? sections[s].Definitions : default, Runs = runs };
        }
    }
}
