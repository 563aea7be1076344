using System.Globalization;
using System.Net;

namespace MonitorCluster.Soak.Processes;

/// <summary>
/// A PostgreSQL server of this process's own, in a fresh folder: on a unix socket, or on addresses of a private network. Root runs it as the
/// user postgres, since the server refuses to run as root; anybody else as themselves.
/// </summary>
/// <remarks>Everybody who reaches the socket or the addresses is trusted: the folder is its owner's alone, the network is private.</remarks>
internal sealed class PrivatePostgres : IAsyncDisposable
{
    private const string SystemUser = "postgres";
    private const string Database = "mc";

    private readonly IReadOnlyList<IPAddress> _addresses;
    private readonly string _settings;
    private readonly int _port;
    private readonly string _folder;

    private PrivatePostgres(IReadOnlyList<IPAddress> addresses, string settings)
    {
        _addresses = addresses;
        _settings = settings;
        _port = addresses.Count == 0 ? 5432 : FreePorts.Take(addresses[0]);

        // 0755, so that the server's user can pass; what is below belongs to that user alone.
        _folder = Directory.CreateTempSubdirectory("mc-pg-").FullName;
        File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
    }

    /// <summary>The programs that a test needs for this.</summary>
    public static string[] Programs => Environment.IsPrivilegedProcess ? ["initdb", "pg_ctl", "createdb", "runuser"] : ["initdb", "pg_ctl", "createdb"];

    /// <summary>The port it listens on, on each of its addresses.</summary>
    public int PortNumber => _port;

    private string Port => _port.ToString(CultureInfo.InvariantCulture);

    private string Data => Path.Combine(_folder, "server", "data");

    private string Socket => Path.Combine(_folder, "server");

    /// <summary>Makes and starts a server with an empty database.</summary>
    /// <param name="addresses">Where it listens; none for a unix socket alone.</param>
    /// <param name="settings">More options of the server's command line.</param>
    public static async Task<PrivatePostgres> StartAsync(IReadOnlyList<IPAddress> addresses, string settings = "")
    {
        var server = new PrivatePostgres(addresses, settings);
        try
        {
            Directory.CreateDirectory(server.Socket, (UnixFileMode)0b111_000_000);
            if (Environment.IsPrivilegedProcess)
            {
                await Command.RunAsync("chown", SystemUser, server.Socket);
            }

            await RunAsync("initdb", "-D", server.Data, "-U", Database, "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C");
            await server.StartAgainAsync();
            await RunAsync("createdb", "-h", server.Socket, "-p", server.Port, "-U", Database, Database);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>How a client reaches the database.</summary>
    /// <param name="address">Which of the addresses; ignored when there are none.</param>
    /// <param name="database">Which database; the empty one that was made for the caller unless told.</param>
    public string ConnectionString(int address = 0, string database = Database) =>
        $"Host={(_addresses.Count == 0 ? Socket : _addresses[address])};Port={Port};Username={Database};Database={database}";

    /// <summary>Starts the server again on its data.</summary>
    public Task StartAgainAsync()
    {
        string listen = string.Join(',', _addresses);

        string options = $"-p {Port} -c listen_addresses={listen} -c unix_socket_directories={Socket} -c max_connections=200 {_settings}";
        return RunAsync("pg_ctl", "-D", Data, "-w", "-t", "60", "-l", Path.Combine(Socket, "log"), "-o", options, "start");
    }

    /// <summary>Ends the server at once: connections break, the next start recovers from its log.</summary>
    public Task StopNowAsync() => RunAsync("pg_ctl", "-D", Data, "-w", "-t", "60", "-m", "immediate", "stop");

    /// <summary>Stops all its processes in their tracks: connections stay, nothing answers.</summary>
    public Task PauseAsync() => Signal.SendAsync(Signal.Pause, Processes());

    /// <summary>Lets a paused server go on.</summary>
    public Task ContinueAsync() => Signal.SendAsync(Signal.Continue, Processes());

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
        {
            await ContinueAsync();
            await StopNowAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static Task<string> RunAsync(string program, params string[] arguments)
    {
        string path = InstalledProgram.Find(program) ?? throw new InvalidOperationException($"{program} of PostgreSQL is not installed");
        return Environment.IsPrivilegedProcess ? Command.RunAsync("runuser", ["-u", SystemUser, "--", path, .. arguments]) : Command.RunAsync(path, arguments);
    }

    // Each backend is a process group of its own, so they are found by their parent.
    private List<int> Processes()
    {
        int server = int.Parse(File.ReadLines(Path.Combine(Data, "postmaster.pid")).First(), CultureInfo.InvariantCulture);
        List<int> found = [server];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id) && ParentOf(folder) == server)
            {
                found.Add(id);
            }
        }

        return found;
    }

    private static int ParentOf(string processFolder)
    {
        try
        {
            // "id (name) state parent ..."; a name may hold anything, so what follows its last bracket counts.
            string line = File.ReadAllText(Path.Combine(processFolder, "stat"));
            return int.Parse(line[(line.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0; // it ended meanwhile
        }
    }
}
