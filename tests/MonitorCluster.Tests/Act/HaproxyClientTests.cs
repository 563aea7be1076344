using System.Net;
using System.Net.Sockets;
using System.Text;
using MonitorCluster.Act;

namespace MonitorCluster.Tests.Act;

/// <summary>The runtime API's edges, with a server on loopback that answers as a test wants. A real HAProxy is in the end-to-end tests.</summary>
public sealed class HaproxyClientTests : IDisposable
{
    private const string State =
        """
        1
        # be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status
        3 web 1 a 127.0.0.1 2 0 64 100 12 15
        3 web 2 b 127.0.0.1 2 4 100 100 12 15
        3 web 3 c 127.0.0.1 0 0 100 100 12 15
        4 other 1 a 127.0.0.1 2 0 1 1 12 15

        """;

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly List<string> asked = [];

    public HaproxyClientTests() => listener.Start();

    private string Endpoint => $"tcp:{listener.LocalEndpoint}";

    public void Dispose() => listener.Dispose();

    [Fact]
    public async Task Observe_ServersState_IsReadByTheNamesOfTheColumns()
    {
        Task serving = ServeAsync(State);

        IReadOnlyList<TargetReading> servers = await Actuator("servers: [a, c]").ObserveAsync(CancellationToken.None);

        await serving;
        Assert.Equal(["show servers state web"], asked);
        Assert.Equal(
            [("a", 64, 100, true, true), ("b", 100, 100, false, false), ("c", 100, 100, false, true)],
            servers.Select(s => (s.Name, s.Value, s.InitialValue, s.IsUp, s.MayTouch)));
    }

    [Fact]
    public async Task Apply_And_ReadBack_SayWhatTheyDo()
    {
        HaproxyActuator actuator = Actuator();
        string target = $"{Endpoint} web/a";
        Task serving = ServeAsync("\n", "64 (initial 100)\n\n", "\n");

        await actuator.ApplyAsync(target, 64, CancellationToken.None);
        TargetReading reading = await actuator.ReadBackAsync(target, CancellationToken.None);
        await actuator.RevertAsync(target, CancellationToken.None);

        await serving;
        Assert.Equal((64, 100), (reading.Value, reading.InitialValue));
        Assert.Equal(["set weight web/a 64", "get weight web/a", "set weight web/a 100%"], asked);
    }

    [Theory]
    [InlineData("Permission denied\n")]
    [InlineData("No such server.\n")]
    [InlineData("Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.\n")]
    public async Task Apply_Complaint_IsAnError(string answer)
    {
        Task serving = ServeAsync(answer);

        ActuatorException e = await Assert.ThrowsAsync<ActuatorException>(() => Actuator().ApplyAsync($"{Endpoint} web/a", 64, CancellationToken.None));

        await serving;
        Assert.Contains(answer.Trim(), e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("No such server.\n")]
    [InlineData("64 (initial 100) and more")]
    [InlineData("-1 (initial 100)")]
    [InlineData("99999999999 (initial 100)")]
    public async Task ReadBack_AnythingElse_IsAnError(string answer)
    {
        Task serving = ServeAsync(answer);

        await Assert.ThrowsAsync<ActuatorException>(() => Actuator().ReadBackAsync($"{Endpoint} web/a", CancellationToken.None));

        await serving;
    }

    [Theory]
    [InlineData("")]
    [InlineData("2\n# be_name srv_name\n")]
    [InlineData("1\nbe_name srv_name\n")]
    [InlineData("1\n# be_name srv_name srv_op_state srv_admin_state srv_uweight srv_iweight\nweb a 2 0 64\n")]
    [InlineData("1\n# be_name srv_name srv_op_state srv_admin_state srv_uweight srv_iweight\nweb a 2 0 lots 100\n")]
    [InlineData("1\n# be_name srv_name srv_op_state srv_admin_state srv_uweight srv_iweight\nweb a;b 2 0 64 100\n")]
    public async Task Observe_AnythingElse_IsAnError(string answer)
    {
        Task serving = ServeAsync(answer);

        await Assert.ThrowsAsync<ActuatorException>(() => Actuator().ObserveAsync(CancellationToken.None));

        await serving;
    }

    [Fact]
    public async Task Answer_WithoutEnd_IsCutOff()
    {
        Task serving = ServeAsync(new string('x', HaproxyClient.AnswerBytesMax + 1));

        ActuatorException e = await Assert.ThrowsAsync<ActuatorException>(() => Actuator().ObserveAsync(CancellationToken.None));

        Assert.Contains("more than 1048576 bytes", e.Message, StringComparison.Ordinal);
        await serving;
    }

    [Fact]
    public async Task Silence_EndsInTime()
    {
        ActuatorException e = await Assert.ThrowsAsync<ActuatorException>(
            () => Actuator(timeout: TimeSpan.FromMilliseconds(50)).ObserveAsync(CancellationToken.None));

        Assert.Contains("did not answer \"show servers state web\" within 0.1 s", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_There_IsSaid()
    {
        HaproxyActuator actuator = Actuator();
        listener.Stop();

        ActuatorException e = await Assert.ThrowsAsync<ActuatorException>(() => actuator.ObserveAsync(CancellationToken.None));

        Assert.Contains("cannot be reached", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("a;b")]
    [InlineData("a\nb")]
    [InlineData("")]
    [InlineData("ä")]
    public async Task Name_ThatCouldBreakOut_NeverGetsToASocket(string name)
    {
        Assert.False(HaproxyNames.IsValid(name));
        var client = new HaproxyClient(new HaproxyEndpoint("x", listener.LocalEndpoint), TimeSpan.FromSeconds(1), TimeProvider.System);

        await Assert.ThrowsAsync<InvalidOperationException>(() => client.SetWeightAsync("web", name, 1, CancellationToken.None));
        await Assert.ThrowsAsync<InvalidOperationException>(() => client.GetWeightAsync(name, "a", CancellationToken.None));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => client.SetWeightAsync("web", "a", 257, CancellationToken.None));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Actuator().ApplyAsync($"{Endpoint} web/{name}", 1, CancellationToken.None));
    }

    private HaproxyActuator Actuator(string servers = "", TimeSpan? timeout = null)
    {
        string text = Policies.Minimal.Replace("unix:/run/haproxy/admin.sock", Endpoint, StringComparison.Ordinal)
            .Replace("backend: web", servers.Length > 0 ? $"backend: web\n  {servers}" : "backend: web", StringComparison.Ordinal);
        return new HaproxyActuator(Policies.Read(text), timeout ?? TimeSpan.FromSeconds(10), TimeProvider.System);
    }

    // As HAProxy: one command a connection, the answer, the end.
    private async Task ServeAsync(params string[] answers)
    {
        foreach (string answer in answers)
        {
            using Socket socket = await listener.AcceptSocketAsync();
            using var stream = new NetworkStream(socket);
            using var reader = new StreamReader(stream, Encoding.ASCII);
            asked.Add((await reader.ReadLineAsync())!);
            try
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
            }
            catch (IOException)
            {
                // whoever has had enough closes
            }
        }
    }
}
