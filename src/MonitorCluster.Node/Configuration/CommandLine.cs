namespace MonitorCluster.Node.Configuration;

/// <summary>What the program was started with.</summary>
/// <param name="Settings">Options by path, as <c>Node:Name</c>.</param>
/// <param name="ConfigFile">The file of <c>--config</c>, null without.</param>
/// <param name="WantsHelp">Whether help was asked for.</param>
/// <param name="WantsVersion">Whether the version was asked for.</param>
internal sealed record CommandLine(IReadOnlyDictionary<string, string?> Settings, string? ConfigFile, bool WantsHelp, bool WantsVersion)
{
    public const string Usage = """
        usage: MonitorCluster.Node [--config FILE] [--SECTION:OPTION=VALUE ...]

        Starts one node: it watches this host, keeps the samples in SQL, and serves
        the page and the API on http://127.0.0.1:9600.

          --config FILE            a JSON file, see cluster-config/
          --Node:DataDir=DIR       where the node keeps its data         (default ./data)
          --Node:Name=NAME         the node's name                       (default: host name)
          --Http:Urls=URL[,URL]    page and API                          (default http://127.0.0.1:9600)
          --Cmd:Port=PORT          endpoint for pbm, 0 = a free port     (default 9110)
          --Collect:Interval=1s    how often this host is read           (default 1s)
          --Detect:Step=10s        interval of anomaly detection         (default: see docs/configuration.md)
          --help, --version

        Every option of docs/configuration.md can be given this way, in the file, or in the
        environment as MC_SECTION__OPTION. Durations: 500ms 1s 5m 2h 30d or hh:mm:ss.
        Exit codes: 0 ok, 64 usage, 70 the program is wrong (see its log), 75 evicted
        (restart me), 78 configuration refused.
        """;

    /// <summary>Reads arguments.</summary>
    /// <returns>False with what is wrong.</returns>
    public static bool TryParse(IReadOnlyList<string> arguments, out CommandLine parsed, out string error)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        string? file = null;
        bool help = false, version = false;
        parsed = null!;
        error = string.Empty;
        for (int i = 0; i < arguments.Count; i++)
        {
            string argument = arguments[i];
            if (argument is "--help" or "-h" or "-?" or "help")
            {
                help = true;
            }
            else if (argument is "--version" or "version")
            {
                version = true;
            }
            else if (!TrySplit(arguments, ref i, out string name, out string value))
            {
                error = argument.StartsWith("--", StringComparison.Ordinal)
                    ? $"{argument} needs a value: {argument}=VALUE"
                    : $"\"{argument}\" is not an option; options are written --SECTION:OPTION=VALUE";
                return false;
            }
            else if (name.Equals("config", StringComparison.OrdinalIgnoreCase))
            {
                file = value;
            }
            else if (!name.Contains(':', StringComparison.Ordinal))
            {
                error = $"--{name} is not an option; options are written --SECTION:OPTION=VALUE, as in --Node:DataDir=DIR";
                return false;
            }
            else
            {
                settings[name] = value;
            }
        }

        parsed = new CommandLine(settings, file, help, version);
        return true;
    }

    private static bool TrySplit(IReadOnlyList<string> arguments, ref int i, out string name, out string value)
    {
        string argument = arguments[i];
        (name, value) = (string.Empty, string.Empty);
        if (!argument.StartsWith("--", StringComparison.Ordinal))
        {
            return false;
        }

        int equals = argument.IndexOf('=', StringComparison.Ordinal);
        if (equals > 0)
        {
            (name, value) = (argument[2..equals], argument[(equals + 1)..]);
            return name.Length > 0;
        }

        if (i + 1 == arguments.Count || arguments[i + 1].StartsWith("--", StringComparison.Ordinal))
        {
            return false;
        }

        (name, value) = (argument[2..], arguments[++i]);
        return name.Length > 0;
    }
}
