using MonitorCluster.Soak.Faults;
using MonitorCluster.Soak.Live;
using MonitorCluster.Soak.Processes;
using MonitorCluster.Soak.Rounds;
using MonitorCluster.Soak.Watched;

namespace MonitorCluster.Soak;

/// <summary>Faults on a real cluster, round after round. <c>scripts/soak</c> starts it.</summary>
internal static class Program
{
    private const string All = "all";
    private const int UsageCode = 64;

    private static IReadOnlyDictionary<string, Func<Round>> Rounds { get; } = new Func<Round>[]
    {
        () => new KillRound(1),
        () => new KillRound(2),
        () => new PauseRound(),
        () => new CutRound(CutFrom.Database),
        () => new CutRound(CutFrom.Collectors),
        () => new CutRound(CutFrom.Peer),
        () => new DatabaseRound(isPause: false),
        () => new DatabaseRound(isPause: true),
        () => new DiskFullRound(),
        () => new MovesRound(),
        () => new RollingRestartRound(),
        () => new AlertStreamRound(),
    }.ToDictionary(make => make().Name);

    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is ["--help" or "-h" or "help"])
        {
            await Console.Out.WriteLineAsync(
                $"{SoakOptions.Usage}NAME is one of: {string.Join(", ", Rounds.Keys)}\n\n{DisturbanceRun.Usage}\n{OptimiseRun.Usage}\n{HaproxyRun.Usage}");
            return 0;
        }

        if (arguments is ["disturbances", .. string[] rest])
        {
            return await DisturbanceRun.RunAsync(rest, Console.Out);
        }

        if (arguments is ["optimise", .. string[] optimise])
        {
            return await OptimiseRun.RunAsync(optimise, Console.Out);
        }

        if (arguments is ["haproxy", .. string[] others])
        {
            return await HaproxyRun.RunAsync(others, Console.Out);
        }

        if (SoakOptions.Parse(arguments, [.. Rounds.Keys, All], out string error) is not { } options)
        {
            await Console.Error.WriteLineAsync($"scripts/soak: {error}; see scripts/soak --help (names: {string.Join(", ", Rounds.Keys)}, {All})");
            return UsageCode;
        }

        int code = 0;
        foreach (string name in options.Name == All ? Rounds.Keys : [options.Name])
        {
            code = Math.Max(code, await RunAsync(options with { Name = name }, isOneOfMany: options.Name == All));
        }

        return code;
    }

    private static async Task<int> RunAsync(SoakOptions options, bool isOneOfMany)
    {
        Round round = Rounds[options.Name]();
        string? reason = round.NeedsCuts && !NetworkCuts.IsPossible ? "it needs iptables and a network namespace, which scripts/soak makes as root"
            : round.NeedsPostgres && !options.IsPostgres ? "it is about PostgreSQL"
            : options.IsPostgres && PrivatePostgres.Programs.Any(p => InstalledProgram.Find(p) is null) ? "PostgreSQL's server is not installed"
            : null;
        if (reason is null)
        {
            return await new SoakRun(options, round, Console.Out).RunAsync();
        }

        await Console.Error.WriteLineAsync($"scripts/soak: {options.Name} is left out: {reason}");
        return isOneOfMany ? 0 : UsageCode;
    }
}
