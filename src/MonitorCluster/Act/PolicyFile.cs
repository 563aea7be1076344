using System.Globalization;
using System.Text;
using MonitorCluster.Cluster.Sharding;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace MonitorCluster.Act;

/// <summary>Reads one policy file. Every fault is named with its line and key; a file with one is no policy.</summary>
internal static class PolicyFile
{
    /// <summary>The most bytes of a file.</summary>
    public const int BytesMax = 64 << 10;

    private const int DepthMax = 6; // a policy needs 3; deeper nesting would be recursion on somebody else's input
    private const int NameMax = 64;
    private const int InitialWeightMin = 10; // below it a step of 20 % is no whole number; see HaproxyActuator

    /// <summary>The lowest initial weight of a server that can be acted upon.</summary>
    public static int LowestInitialWeight => InitialWeightMin;

    /// <summary>Reads a policy.</summary>
    /// <param name="file">The file's name, for people.</param>
    /// <param name="text">Its content.</param>
    /// <param name="faults">What is wrong, a sentence each, with the file's name; empty when it is good.</param>
    /// <returns>The policy; null when anything is wrong.</returns>
    public static ActuationPolicy? Read(string file, string text, out IReadOnlyList<string> faults)
    {
        var found = new List<string>();
        void Fault(string what) => found.Add($"{file}: {what}");
        YamlMappingNode? root = Load(text, Fault);
        ActuationPolicy? policy = root is null ? null : Read(new PolicyYaml(root, string.Empty, Fault), Fault);
        faults = found;
        return found.Count > 0 ? null : policy! with { File = file, Revision = RevisionOf(text) };
    }

    private static string RevisionOf(string text) =>
        XxHash64.Hash(Encoding.UTF8.GetBytes(text)).ToString("x16", CultureInfo.InvariantCulture);

    private static YamlMappingNode? Load(string text, Action<string> fault)
    {
        try
        {
            if (!IsPlain(text, fault))
            {
                return null;
            }

            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            if (stream.Documents is [{ RootNode: YamlMappingNode root }])
            {
                return root;
            }

            fault("must be one YAML document that is a mapping of keys to values");
        }
        catch (YamlException e)
        {
            fault(string.Create(CultureInfo.InvariantCulture, $"line {e.Start.Line}: is no YAML: {e.Message}"));
        }

        return null;
    }

    // Before anything recursive sees it: aliases can make a small file huge, tags name types, depth costs stack.
    private static bool IsPlain(string text, Action<string> fault)
    {
        var parser = new Parser(new StringReader(text));
        int depth = 0;
        while (parser.MoveNext())
        {
            ParsingEvent at = parser.Current!;
            depth += at.NestingIncrease;
            string? reason = depth > DepthMax ? "is nested too deeply"
                : at is AnchorAlias || at is NodeEvent { Anchor.IsEmpty: false } ? "has an anchor or an alias; write the value where it is needed"
                : at is NodeEvent { Tag.IsEmpty: false } ? "has a tag; values are plain"
                : null;
            if (reason is not null)
            {
                fault(string.Create(CultureInfo.InvariantCulture, $"line {at.Start.Line}: {reason}"));
                return false;
            }
        }

        return true;
    }

    private static ActuationPolicy? Read(PolicyYaml root, Action<string> fault)
    {
        string name = root.Text("name", string.Empty, isNeeded: true);
        if (name.Length > 0 && (!HaproxyNames.IsValid(name) || name.Length > NameMax))
        {
            root.Refuse("name", $"\"{name}\" must be 1 to {NameMax} letters, digits, '.', '_', ':' or '-'");
        }

        bool isDryRun = root.Flag("dry_run", missing: true);
        PolicyYaml haproxy = root.Section("haproxy", isNeeded: true), metrics = root.Section("metrics", isNeeded: true);
        PolicyYaml bounds = root.Section("bounds", isNeeded: false), timing = root.Section("timing", isNeeded: false);
        PolicyYaml limits = root.Section("limits", isNeeded: false);
        HaproxyEndpoint? endpoint = ReadEndpoint(haproxy);
        (string backend, IReadOnlyList<string> servers) = ReadServers(haproxy);
        var none = new ActuationPolicy { Name = name, Endpoint = endpoint!, Backend = backend };
        ActuationPolicy policy = none with
        {
            IsDryRun = isDryRun,
            Servers = servers,
            Latency = metrics.Query("latency", isNeeded: true),
            Errors = metrics.Query("errors", isNeeded: true),
            Goal = metrics.Query("goal", isNeeded: false),
            HoldWhile = metrics.Query("hold_while", isNeeded: false),
            ServerLabel = metrics.Text("server_label", none.ServerLabel),
            ScrapeInterval = metrics.Time("scrape_interval", none.ScrapeInterval, Seconds(0.1), Seconds(3_600)),
            PercentMin = bounds.Number("min_percent", none.PercentMin, 0, 100),
            PercentMax = bounds.Number("max_percent", none.PercentMax, 100, 400),
            CapacityPercentMin = bounds.Number("min_capacity_percent", none.CapacityPercentMin, 1, 100),
            StepPercent = bounds.Number("step_percent", none.StepPercent, 1, 20),
            DeadBandPercent = bounds.Number("dead_band_percent", none.DeadBandPercent, 1, 50),
            Window = timing.Time("window", none.Window, Seconds(0.2), Seconds(600)),
            WindowsAgree = timing.Number("windows_agree", none.WindowsAgree, 5, 100),
            Interval = timing.Time("interval", none.Interval, Seconds(1), Seconds(86_400)),
            Smoothing = timing.Time("smoothing", none.Smoothing, Seconds(0.1), Seconds(86_400)),
            VerifyAfter = timing.Time("verify_after", none.VerifyAfter, Seconds(1), Seconds(86_400)),
            TimeToLive = timing.Time("ttl", none.TimeToLive, Seconds(2), Seconds(86_400)),
            CoolDown = timing.Time("cool_down", none.CoolDown, Seconds(0.1), Seconds(86_400)),
            DailyBudget = limits.Number("daily_budget", none.DailyBudget, 1, 10_000),
            GoalRisePercent = limits.Number("goal_rise_percent", none.GoalRisePercent, 0, 100),
            ErrorRisePercent = limits.Number("error_rise_percent", none.ErrorRisePercent, 0.0, 100),
        };
        foreach (PolicyYaml section in (PolicyYaml[])[root, haproxy, metrics, bounds, timing, limits])
        {
            section.End();
        }

        Relate(policy, fault);
        return policy;
    }

    private static HaproxyEndpoint? ReadEndpoint(PolicyYaml haproxy)
    {
        bool mayBeRemote = haproxy.Flag("allow_remote", missing: false);
        string text = haproxy.Text("endpoint", string.Empty, isNeeded: true);
        if (text.Length == 0)
        {
            return null;
        }

        if (!HaproxyEndpoint.TryParse(text, out HaproxyEndpoint endpoint, out string reason))
        {
            haproxy.Refuse("endpoint", reason);
            return null;
        }

        if (!endpoint.IsLocal && !mayBeRemote)
        {
            haproxy.Refuse("endpoint", $"\"{text}\" is not on this machine, and the runtime API knows no password; allow_remote: true lifts that");
        }

        return endpoint;
    }

    private static (string Backend, IReadOnlyList<string> Servers) ReadServers(PolicyYaml haproxy)
    {
        const string rule = "must be letters, digits, '.', '_', ':' or '-', as HAProxy's names are";
        string backend = haproxy.Text("backend", string.Empty, isNeeded: true);
        if (backend.Length > 0 && !HaproxyNames.IsValid(backend))
        {
            haproxy.Refuse("backend", $"\"{backend}\" {rule}");
        }

        IReadOnlyList<string> servers = haproxy.Texts("servers");
        foreach (string wrong in servers.Where(s => !HaproxyNames.IsValid(s)))
        {
            haproxy.Refuse("servers", $"\"{wrong}\" {rule}");
        }

        foreach (string twice in servers.GroupBy(s => s, StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => g.Key))
        {
            haproxy.Refuse("servers", $"\"{twice}\" is there twice");
        }

        return (backend, servers);
    }

    private static void Relate(ActuationPolicy policy, Action<string> fault)
    {
        if (policy.StepPercent < policy.DeadBandPercent)
        {
            fault($"bounds.step_percent ({policy.StepPercent}) must be at least bounds.dead_band_percent ({policy.DeadBandPercent})");
        }

        if (policy.Window < policy.ScrapeInterval)
        {
            fault("timing.window must be at least metrics.scrape_interval: windows without new values would only seem to agree");
        }

        if (policy.Interval < policy.Window)
        {
            fault("timing.interval must be at least timing.window");
        }

        if (policy.TimeToLive <= policy.VerifyAfter)
        {
            fault("timing.ttl must be more than timing.verify_after: else nothing is judged before it ends");
        }
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
