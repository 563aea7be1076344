using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Npgsql;

namespace MonitorCluster.Tests.Cluster.Storage.Postgres;

/// <summary>A private PostgreSQL on a free port of 127.0.0.1 in a temporary folder, which ends with this object.</summary>
/// <remarks>Started at the first use, so that a fixture of skipped tests starts nothing. Root runs it as user postgres, as the server demands.</remarks>
public sealed partial class PostgresServer : IDisposable
{
    private const string Ready = "database system is ready to accept connections";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly Lazy<Running> _running = new(Start);
    private int _databases;

    /// <summary>The port it listens on.</summary>
    public int Port => _running.Value.Port;

    public void Dispose()
    {
        if (_running.IsValueCreated)
        {
            _running.Value.Dispose();
        }
    }

    /// <summary>Makes an empty place for a store: a schema of its own, which costs a tenth of a database and goes with the server.</summary>
    /// <returns>Its connection string.</returns>
    public string CreateDatabase()
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"store{Interlocked.Increment(ref _databases)}");
        Run($"CREATE SCHEMA {name}");
        return $"{ConnectionString("postgres")};Search Path={name}";
    }

    /// <summary>Names a database of this server.</summary>
    public string ConnectionString(string database) => $"Host=127.0.0.1;Port={Port};Database={database};Username=mc";

    /// <summary>Runs a statement as its superuser.</summary>
    public void Run(string sql)
    {
        using NpgsqlConnection connection = new(ConnectionString("postgres") + ";Pooling=false");
        connection.Open();
#pragma warning disable CA2100 // the tests' own text
        using NpgsqlCommand command = new(sql, connection);
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    /// <summary>Freezes the server and all its sessions: it hangs, it does not refuse.</summary>
    public void Freeze() => _running.Value.Signal(19); // SIGSTOP

    /// <summary>Lets it go on.</summary>
    public void Thaw() => _running.Value.Signal(18); // SIGCONT

    private static Running Start()
    {
        string folder = Directory.CreateTempSubdirectory("mc-postgres-").FullName;
        try
        {
            string data = Path.Combine(folder, "data");
            Directory.CreateDirectory(data);
            if (!OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess)
            {
                File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101); // or postgres could not reach its own folder
                RunToEnd("chown", "postgres:", data);
            }

            RunToEnd([.. AsServerUser("initdb"), "-D", data, "-U", "mc", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"]);
            return StartIn(folder, data);
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    private static Running StartIn(string folder, string data)
    {
        for (int attempt = 1; ; attempt++)
        {
            int port = FreePort();
            string[] command =
            [
                .. AsServerUser("postgres"), "-D", data, "-p", port.ToString(CultureInfo.InvariantCulture),
                "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=200",
            ];
            Running running = new(folder, port, command);
            if (running.WaitUntil(Ready, s_patience))
            {
                return running;
            }

            running.Kill();
            if (attempt == 3 || !running.Output.Contains("in use", StringComparison.Ordinal)) // somebody may take the port between asking and using
            {
                throw new InvalidOperationException($"PostgreSQL did not start in {folder}:\n{running.Output}");
            }
        }
    }

    // setpriv replaces itself by the server, so the process that we started is the server, and its id ends it.
    private static string[] AsServerUser(string program)
    {
        string path = InstalledProgram.Find(program) ?? throw new InvalidOperationException($"{program} is not installed");
        return Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", path] : [path];
    }

    private static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static void RunToEnd(params string[] command)
    {
        using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{string.Join(' ', command)} ended with {process.ExitCode}:\n{output}");
        }
    }

    private sealed partial class Running : IDisposable
    {
        private readonly string _folder;
        private readonly Process _process;
        private readonly StringBuilder _output = new();
        private readonly ManualResetEventSlim _spoke = new();

        internal Running(string folder, int port, string[] command)
        {
            _folder = folder;
            Port = port;
            _process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true })!;
            _process.ErrorDataReceived += (_, line) =>
            {
                lock (_output)
                {
                    _output.AppendLine(line.Data ?? "(end)");
                    _spoke.Set();
                }
            };
            _process.BeginErrorReadLine();
        }

        internal int Port { get; }

        internal string Output
        {
            get
            {
                lock (_output)
                {
                    return _output.ToString();
                }
            }
        }

        public void Dispose()
        {
            if (!_process.HasExited)
            {
                _ = Kill(_process.Id, 2); // SIGINT: close all sessions and stop, which removes shared memory too
                if (!_process.WaitForExit(s_patience))
                {
                    Kill();
                }
            }

            _process.Dispose();
            _spoke.Dispose();
            Directory.Delete(_folder, recursive: true);
        }

        internal void Kill()
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        /// <summary>Waits until the server has said something.</summary>
        /// <returns>False when it ended, or said nothing for too long.</returns>
        internal bool WaitUntil(string text, TimeSpan silence)
        {
            while (_spoke.Wait(silence))
            {
                _spoke.Reset();
                string output = Output;
                if (output.Contains(text, StringComparison.Ordinal))
                {
                    return true;
                }

                if (output.EndsWith("(end)" + Environment.NewLine, StringComparison.Ordinal))
                {
                    return false;
                }
            }

            return false;
        }

        internal void Signal(int number)
        {
            string me = _process.Id.ToString(CultureInfo.InvariantCulture);
            string children = File.ReadAllText($"/proc/{me}/task/{me}/children");
            foreach (string id in (string[])[me, .. children.Split(' ', StringSplitOptions.RemoveEmptyEntries)])
            {
                _ = Kill(int.Parse(id, CultureInfo.InvariantCulture), number);
            }
        }

        [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
        private static partial int Kill(int process, int signal);
    }
}
