using System.Text.Json;

namespace MonitorCluster.Bench.Optimiser;

/// <summary>Something that happens to the simulated cluster.</summary>
/// <param name="AtSeconds">When.</param>
/// <param name="Kind">add, kill, hot or giant.</param>
/// <param name="Count">How many nodes, or shards of a giant.</param>
/// <param name="Factor">By how much the load of hot nodes' shards grows; how many mean nodes' load a giant is.</param>
internal sealed record ScenarioEvent(double AtSeconds, string Kind, int Count, double Factor);

/// <summary>What the closed loop is driven with; docs/formats/optimiser-scenario.md describes the file.</summary>
internal sealed record Scenario
{
    public int Nodes { get; init; } = 45;

    public int Shards { get; init; } = 2_500;

    public double Hours { get; init; } = 24;

    /// <summary>How unequal hosts are: the n-th has 1 / n^zipf of the first one's load.</summary>
    public double Zipf { get; init; } = 1;

    /// <summary>How much the load of each shard rises and falls in a day.</summary>
    public double Wave { get; init; } = 0.3;

    /// <summary>By how much a burst multiplies a shard's load; 1 for none.</summary>
    public double Burst { get; init; } = 6;

    /// <summary>Chance that a burst begins in a window of 10 s; one ends with chance 1/4 in each.</summary>
    public double BurstChance { get; init; } = 0.02;

    /// <summary>Measured loads are off by up to this part.</summary>
    public double Noise { get; init; } = 0.25;

    /// <summary>How late measurements come, in seconds.</summary>
    public double Delay { get; init; } = 30;

    /// <summary>Mean CPU of a node as a part of its cores, with as many nodes as half-way between the first and the most.</summary>
    public double Cpu { get; init; } = 0.4;

    public IReadOnlyList<ScenarioEvent> Events { get; init; } =
    [
        new(20_000, "add", 5, 1), new(40_000, "hot", 2, 3), new(55_000, "giant", 1, 1.5), new(70_000, "kill", 1, 1),
    ];

    /// <summary>Reads a file; a fault instead when it is not in the form.</summary>
    public static (Scenario? Scenario, string Fault) Load(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                File.ReadAllText(path), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            Scenario scenario = Read(document.RootElement);
            string fault = scenario.Check();
            return fault.Length == 0 ? (scenario, fault) : (null, $"{path}: {fault}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException
            or InvalidOperationException or KeyNotFoundException)
        {
            return (null, $"{path} is not a scenario: {e.Message}");
        }
    }

    private static Scenario Read(JsonElement root)
    {
        Scenario scenario = new();
        foreach (JsonProperty property in root.EnumerateObject())
        {
            JsonElement value = property.Value;
            scenario = property.Name.ToUpperInvariant() switch
            {
                "NODES" => scenario with { Nodes = (int)value.GetDouble() },
                "SHARDS" => scenario with { Shards = (int)value.GetDouble() },
                "HOURS" => scenario with { Hours = value.GetDouble() },
                "ZIPF" => scenario with { Zipf = value.GetDouble() },
                "WAVE" => scenario with { Wave = Amount(value, none: 0, scenario.Wave) },
                "BURST" => scenario with { Burst = Math.Max(1, Amount(value, none: 1, scenario.Burst)) },
                "BURSTCHANCE" => scenario with { BurstChance = value.GetDouble() },
                "NOISE" => scenario with { Noise = Amount(value, none: 0, scenario.Noise) },
                "DELAY" or "DELAYSECONDS" => scenario with { Delay = Amount(value, none: 0, scenario.Delay) },
                "CPU" => scenario with { Cpu = value.GetDouble() },
                "EVENTS" => scenario with { Events = [.. value.EnumerateArray().Select(ReadEvent).OrderBy(one => one.AtSeconds)] },
                _ => Ignored(scenario, property.Name),
            };
        }

        return scenario;
    }

    private static ScenarioEvent ReadEvent(JsonElement value)
    {
        string kind = value.GetProperty("kind").GetString() ?? string.Empty;
        double? count = value.TryGetProperty("count", out JsonElement many) ? many.GetDouble() : null;
        double? factor = value.TryGetProperty("factor", out JsonElement much) ? much.GetDouble() : null;
        int countUsual = kind switch { "add" => 5, "hot" => 2, _ => 1 };
        double factorUsual = kind switch { "hot" => 3, "giant" => 1.5, _ => 1 };
        return new ScenarioEvent(value.GetProperty("atSeconds").GetDouble(), kind, (int)(count ?? countUsual), factor ?? factorUsual);
    }

    // "wave": false and "wave": true read well too.
    private static double Amount(JsonElement value, double none, double usual) =>
        value.ValueKind is JsonValueKind.True ? usual : value.ValueKind is JsonValueKind.False or JsonValueKind.Null ? none : value.GetDouble();

    private static Scenario Ignored(Scenario scenario, string name)
    {
        Console.Error.WriteLine($"The scenario's '{name}' means nothing and is ignored.");
        return scenario;
    }

    private string Check() =>
        Nodes is < 1 or > 10_000 ? "nodes must be 1 to 10,000"
        : Shards is < 1 or > 1_000_000 ? "shards must be 1 to 1,000,000"
        : Hours is not (> 0 and <= 10_000) ? "hours must be over 0 and at most 10,000"
        : Zipf is not (>= 0 and <= 3) ? "zipf must be 0 to 3"
        : Wave is not (>= 0 and < 1) ? "wave must be 0 to 1, 1 excluded"
        : Burst is not (>= 1 and <= 1_000) ? "burst must be 1 (none) to 1,000"
        : BurstChance is not (>= 0 and <= 1) ? "burstChance must be 0 to 1"
        : Noise is not (>= 0 and < 1) ? "noise must be 0 to 1, 1 excluded"
        : Delay is not (>= 0 and <= 3_600) ? "delay must be 0 to 3,600 seconds"
        : Cpu is not (> 0 and <= 1) ? "cpu must be over 0 and at most 1"
        : Events.Where(one => one.Kind is not ("add" or "kill" or "hot" or "giant")).Select(one => $"there is no event '{one.Kind}': add, kill, hot or giant")
            .Concat(Events.Where(one => one.Count < 1 || !(one.Factor > 0)).Select(one => $"{one.Kind}: count must be at least 1, factor over 0"))
            .FirstOrDefault(string.Empty);
}
