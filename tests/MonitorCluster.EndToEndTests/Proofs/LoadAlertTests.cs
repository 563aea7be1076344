using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace MonitorCluster.EndToEndTests.Proofs;

/// <summary>
/// Real load on a quiet machine is found and told, and its end too; a subscriber that was cut off misses nothing. It takes four minutes and
/// a machine that does nothing else, so it is run by hand: <c>scripts/dev test --filter Category=Load</c>.
/// </summary>
[Collection(Proof.Alone)]
[Trait("Category", "Load")]
public sealed partial class LoadAlertTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(75);
    private static readonly TimeSpan Load = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan FiringWithin = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ResolvedWithin = TimeSpan.FromSeconds(120);

    [RequiresProgramFact("stress-ng")]
    public async Task AllProcessorsBusy_OnAQuietMachine_FiresAndResolvesForEverySubscriber()
    {
        await using NodeProcess node = await NodeProcess.StartAsync("--Detect:Step=1s");
        using var client = new NodeClient(node.HttpUrl);
        using EventStream steady = await EventStream.OpenAsync(client.Http, "/api/v1/alerts/stream", lastEventId: 0);
        await Task.Delay(Quiet); // learning takes time that nothing announces

        long start = Stopwatch.GetTimestamp();
        using Process stress = Process.Start(new ProcessStartInfo("stress-ng", ["--cpu", "0", "--timeout", $"{Load.TotalSeconds:F0}s", "--quiet"]))!;
        var seen = new List<ServerEvent>();
        ServerEvent firing = await ReadUntilAsync(steady, seen, e => e.Name == "firing" && IsOfTheLoad(e), FiringWithin);
        string alertId = Text(firing, "id"), host = Text(firing, "host");
        output.WriteLine($"firing after {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s: {firing.Data}");
        Assert.Equal(Environment.MachineName, host);

        // A second subscriber comes now, is cut off after what it has, and goes on from there later.
        var resumed = new List<ServerEvent>();
        using (EventStream cut = await EventStream.OpenAsync(client.Http, "/api/v1/alerts/stream", lastEventId: 0))
        {
            await ReadUntilAsync(cut, resumed, e => e.Id == firing.Id, FiringWithin);
        }

        await stress.WaitForExitAsync();
        long end = Stopwatch.GetTimestamp();
        ServerEvent resolved = await ReadUntilAsync(steady, seen, e => e.Name == "resolved" && Text(e, "id") == alertId, ResolvedWithin);
        output.WriteLine($"resolved {Stopwatch.GetElapsedTime(end).TotalSeconds:F1} s after the end: {resolved.Data}");
        using EventStream again = await EventStream.OpenAsync(client.Http, "/api/v1/alerts/stream", resumed[^1].Id);
        await ReadUntilAsync(again, resumed, e => e.Id == resolved.Id, FiringWithin);

        Assert.Equal(Enumerable.Range(1, (int)resolved.Id!.Value).Select(n => (long?)n), resumed.Select(e => e.Id));
        Assert.Equal(resumed, seen);
        output.WriteLine($"{seen.Count} events, {seen.Count(e => e.Name == "firing")} firing");
    }

    private static async Task<ServerEvent> ReadUntilAsync(EventStream stream, List<ServerEvent> seen, Predicate<ServerEvent> isIt, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        while (true)
        {
            try
            {
                seen.Add(await stream.ReadAsync(limit.Token));
            }
            catch (OperationCanceledException e)
            {
                throw new TimeoutException($"not within {patience}; seen: {string.Join('\n', seen.Select(s => s.Data))}", e);
            }

            if (isIt(seen[^1]))
            {
                return seen[^1];
            }
        }
    }

    // The incident names the most probable cause first; the load may be any of its members.
    private static bool IsOfTheLoad(ServerEvent alert)
    {
        using JsonDocument json = JsonDocument.Parse(alert.Data);
        return json.RootElement.TryGetProperty("members", out JsonElement members)
            && members.EnumerateArray().Any(m => LoadMetric().IsMatch(m.GetProperty("metric").GetString()!));
    }

    private static string Text(ServerEvent alert, string name)
    {
        using JsonDocument json = JsonDocument.Parse(alert.Data);
        return json.RootElement.GetProperty(name).GetString() ?? "";
    }

    [GeneratedRegex("^node_(cpu_|load|pressure_cpu_)")]
    private static partial Regex LoadMetric();
}
