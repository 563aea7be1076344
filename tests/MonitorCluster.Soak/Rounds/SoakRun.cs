using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using MonitorCluster.Soak.Client;
using MonitorCluster.Soak.Faults;
using MonitorCluster.Soak.Known;
using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Rounds;

/// <summary>Runs rounds of one kind against one cluster: before, strike, heal, judge, next; then judges all of it again.</summary>
internal sealed class SoakRun(SoakOptions options, Round round, TextWriter output)
{
    private const int SamplesOfLatencyPerSecond = 20;
    private const int Hosts = 96;
    private const int Metrics = 2;
    private const int SeriesPerMetric = 16;
    private const int Senders = 24;
    private const long WindowMs = 60_000;

    private static readonly TimeSpan Before = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan HealPatience = TimeSpan.FromSeconds(90);

    private readonly KnownWorld _world = new(Hosts, Metrics, SeriesPerMetric);

    /// <summary>Runs to the end.</summary>
    /// <returns>The program's exit code.</returns>
    public async Task<int> RunAsync()
    {
        long start = Stopwatch.GetTimestamp();
        List<RoundResult> results = options.IsResumed && File.Exists(options.LogFile)
            ? [.. (await File.ReadAllLinesAsync(options.LogFile)).Select(l => JsonSerializer.Deserialize<RoundResult>(l)!)]
            : [];
        Directory.CreateDirectory(Path.GetDirectoryName(options.LogFile)!);
        await File.WriteAllLinesAsync(options.LogFile, results.Select(r => JsonSerializer.Serialize(r)));
        await output.WriteLineAsync($"{round.Name}: {options.Rounds} rounds, seed {options.Seed}, {options.Nodes} nodes; kept in {options.LogFile}");
        await output.WriteLineAsync(RoundResult.Head);
        results.ForEach(r => output.WriteLine(r));
        List<string> faults = results.Count < options.Rounds ? await RunRoundsAsync(results, start) : [];
        await SumUpAsync(results, faults, Stopwatch.GetElapsedTime(start));
        return faults.Count == 0 && results.All(r => r.Faults.Count == 0) ? 0 : 1;
    }

    private async Task<List<string>> RunRoundsAsync(List<RoundResult> results, long start)
    {
        ClusterPlan plan = round.Plan(new ClusterPlan
        {
            Nodes = options.Nodes,
            IsPostgres = options.IsPostgres,
            IsPrivateNetwork = NetworkCuts.IsPossible,
            Options = ["--Collect:Enabled=false", .. options.NodeOptions],
        });
        await using ClusterProcess cluster = await ClusterProcess.StartAsync(plan);
        using var writer = new ClusterWriter(_world, cluster, Senders, options.SamplesPerSecond);
        using var ended = new CancellationTokenSource();
        Task writing = writer.WriteAsync(ended.Token);
        List<string> faults = [];
        try
        {
            var random = new Random(options.Seed);
            using var probe = new VisibilityProbe(cluster, random);
            var store = new StoreView(cluster.StoreConnection, options.IsPostgres);
            await round.BeginAsync(cluster);

            // All series are there, and what a first request costs has been paid.
            using (var warm = new CancellationTokenSource(Before))
            {
                await probe.SampleAsync(_world.Hosts, SamplesOfLatencyPerSecond, warm.Token);
            }

            if (!await cluster.WaitSpreadAsync(HealPatience))
            {
                faults.Add($"not every node had half its share of shards within {HealPatience}");
            }

            while (results.Count < options.Rounds && Stopwatch.GetElapsedTime(start) < options.TimeMax)
            {
                if (round.NeedsSpread && !await cluster.WaitSpreadAsync(HealPatience))
                {
                    faults.Add($"not every node had half its share of shards {HealPatience} after round {results.Count}");
                }

                int number = results.Count + 1;
                var context = new RoundContext(
                    cluster, _world, writer, probe, store, await cluster.StateAsync(), await store.ControllerAsync(), number,
                    new Random(HashCode.Combine(options.Seed, number)));
                RoundResult result = await RunAsync(context);
                results.Add(result);
                await File.AppendAllLinesAsync(options.LogFile, [JsonSerializer.Serialize(result)]);
                await output.WriteLineAsync(result.ToString());
                if (result.Faults.Count > 0)
                {
                    await SaveLogAsync(cluster);
                }
            }

            await ended.CancelAsync();
            await writing;
            faults.AddRange(await JudgeAllAsync(cluster, writer));
            faults.AddRange(await round.EndAsync(cluster));
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException or HttpRequestException or RequestRefusedException or DbException)
        {
            faults.Add(e.Message);
            await SaveLogAsync(cluster);
        }
        finally
        {
            await ended.CancelAsync();
            if (round is IAsyncDisposable disposable)
            {
                await disposable.DisposeAsync();
            }

            if (NetworkCuts.IsPossible)
            {
                await NetworkCuts.HealAsync();
            }
        }

        return faults;
    }

    private async Task<RoundResult> RunAsync(RoundContext context)
    {
        ClusterProcess cluster = context.Cluster;
        long fromMs = NowMs;
        int evictions = cluster.Evictions;
        ClusterNode[] victims = round.Choose(context);
        IReadOnlyList<string> untouched = round.Untouched(context, victims);
        context.Probe.Avoided = victims;
        double before = 0;
        if (untouched.Count > 0)
        {
            using var calm = new CancellationTokenSource(Before);
            before = Percentile.Of(await context.Probe.SampleAsync(untouched, SamplesOfLatencyPerSecond, calm.Token), 0.99);
        }

        using var struck = new CancellationTokenSource();
        Task<double[]> during = context.Probe.SampleAsync(untouched, SamplesOfLatencyPerSecond, struck.Token);
        Strike strike = await round.StrikeAsync(context, victims);
        await struck.CancelAsync();
        double[] latencies = await during;
        context.Probe.Avoided = [];

        await cluster.WaitWholeAsync(HealPatience);
        await context.Writer.HoldAsync();
        long toMs = NowMs;
        await WaitDrainedAsync(cluster);
        Verdict verdict = await new ContentJudge(_world, context.Writer.Batches, fromMs, toMs)
            .JudgeAsync(cluster.Client(cluster.Nodes[context.Random.Next(cluster.Nodes.Count)]));
        context.Writer.GoOn();
        int evicted = cluster.Evictions - evictions;
        List<string> faults = [.. strike.Faults, .. await OnlineFaultsAsync(context)];
        if (verdict.Faults > 0)
        {
            faults.Add(verdict.ToString());
        }

        if (evicted > 0 && !round.MayEvict)
        {
            faults.Add($"{evicted} nodes were evicted");
        }

        return new RoundResult
        {
            Number = context.Number,
            Victim = victims.Length == 0 ? "-" : string.Join('+', victims.Select(v => v.Name)),
            Role = victims.Length == 0 ? "-" : context.RoleOf(victims),
            Shards = victims.Sum(v => context.State.ShardsOf(v.Name).Count),
            GapSeconds = strike.GapSeconds,
            Evicted = evicted,
            BeforeMs = before,
            DuringMs = Percentile.Of(latencies, 0.99),
            Acknowledged = verdict.Acknowledged,
            Lost = verdict.Lost,
            Doubled = verdict.Doubled,
            Faults = faults,
            IsOver = strike.GapSeconds > round.GapMaxSeconds,
            Note = strike.Note,
        };
    }

    private static long NowMs => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    // Until no node's log holds what is not in the store. Nothing is written meanwhile: the age is that of a whole segment.
    private static async Task WaitDrainedAsync(ClusterProcess cluster)
    {
        long start = Stopwatch.GetTimestamp();
        foreach (ClusterNode node in cluster.Nodes)
        {
            while (await cluster.Client(node).MetricAsync("monitorcluster_wal_oldest_seconds") > 0)
            {
                if (Stopwatch.GetElapsedTime(start) > HealPatience)
                {
                    throw new TimeoutException($"after {HealPatience} the log of {node.Name} still holds what is not in the store");
                }

                await Task.Delay(TimeSpan.FromMilliseconds(100));
            }
        }
    }

    // Below the (series, time) rule: it must have had nothing to do, no invariant was broken, and no section stands in two journal rows.
    private static async Task<IEnumerable<string>> OnlineFaultsAsync(RoundContext context)
    {
        List<string> faults = [.. (await context.Store.JournalFaultsAsync()).Take(3)];
        foreach (ClusterNode node in context.Cluster.Nodes)
        {
            foreach (string counter in (string[])
            [
                "monitorcluster_ingest_behind_total{kind=\"duplicate\"}", "monitorcluster_ingest_behind_total{kind=\"conflict\"}",
                "monitorcluster_wal_sections_lost_total", "monitorcluster_invariant_violations_total",
            ])
            {
                double value = await context.Cluster.Client(node).MetricAsync(counter);
                if (value != 0)
                {
                    faults.Add(string.Create(CultureInfo.InvariantCulture, $"{node.Name}: {counter} is {value}"));
                }
            }
        }

        return faults;
    }

    // Everything since the start, in windows; then once more after every unknown batch was repeated, as a client would.
    private async Task<IEnumerable<string>> JudgeAllAsync(ClusterProcess cluster, ClusterWriter writer)
    {
        await WaitDrainedAsync(cluster);
        List<string> faults = [.. await JudgeWindowsAsync(cluster, writer)];
        int repeated = await writer.RepeatUnknownAsync();
        if (repeated > 0)
        {
            await WaitDrainedAsync(cluster);
            faults.AddRange(await JudgeWindowsAsync(cluster, writer));
        }

        await output.WriteLineAsync($"all: {writer.Acknowledged} acknowledged samples, {repeated} of unknown outcome repeated, {faults.Count} faulty windows");
        return faults;
    }

    private async Task<IEnumerable<string>> JudgeWindowsAsync(ClusterProcess cluster, ClusterWriter writer)
    {
        var faults = new List<string>();
        int node = 0;
        foreach (IGrouping<long, KnownBatch> window in writer.Batches.GroupBy(b => b.TimestampMs / WindowMs).OrderBy(g => g.Key))
        {
            long fromMs = (window.Key * WindowMs) - 1;
            Verdict verdict = await new ContentJudge(_world, window, fromMs, fromMs + WindowMs)
                .JudgeAsync(cluster.Client(cluster.Nodes[node++ % cluster.Nodes.Count]));
            if (verdict.Faults > 0)
            {
                faults.Add($"({fromMs}, {fromMs + WindowMs}]: {verdict}");
            }
        }

        return faults;
    }

    private async Task SaveLogAsync(ClusterProcess cluster)
    {
        string file = Path.ChangeExtension(options.LogFile, ".log");
        await File.WriteAllTextAsync(file, cluster.Log);
        await output.WriteLineAsync($"      the nodes' words are in {file}");
    }

    private async Task SumUpAsync(List<RoundResult> results, List<string> faults, TimeSpan elapsed)
    {
        faults.ForEach(f => output.WriteLine($"FAILED: {f}"));
        double[] gaps = [.. results.Where(r => r.GapSeconds is not null).Select(r => r.GapSeconds!.Value)];
        double[] ratios = [.. results.Where(r => r.BeforeMs > 0).Select(r => r.DuringMs / r.BeforeMs)];
        double median = Percentile.Of(gaps, 0.5);
        int over = results.Count(r => r.IsOver) + (median > round.GapMedianSeconds ? 1 : 0);
        (string Key, double Value)[] figures =
        [
            ("rounds", results.Count), ("acknowledged", results.Sum(r => (double)r.Acknowledged)), ("lost", results.Sum(r => r.Lost)),
            ("doubled", results.Sum(r => r.Doubled)), ("failed", results.Count(r => r.Faults.Count > 0) + faults.Count), ("over", over),
            ("gap_p50_s", median), ("gap_max_s", Percentile.Of(gaps, 1)), ("evicted", results.Sum(r => r.Evicted)),
            ("p99_ratio", Percentile.Of(ratios, 0.5)), .. round.Figures, ("seconds", elapsed.TotalSeconds),
        ];
        string text = string.Join(' ', figures.Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Key}={Math.Round(f.Value, 3)}")));
        await output.WriteLineAsync($"RESULT name={round.Name} seed={options.Seed} store={(options.IsPostgres ? "postgresql" : "sqlite")} {text}");
    }
}
