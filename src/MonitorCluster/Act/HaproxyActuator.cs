using System.Globalization;
using System.Text.RegularExpressions;

namespace MonitorCluster.Act;

/// <summary>Weights of one HAProxy backend's servers.</summary>
/// <remarks>
/// Weights are set as whole numbers, not as percents: HAProxy rounds a percent down, and 80 % of the weight 1, which is its default, is no request at all.
/// For the same reason servers with a small initial weight are refused.
/// </remarks>
internal sealed partial class HaproxyActuator : IActuator
{
    /// <summary>The largest weight that HAProxy knows.</summary>
    public const int WeightMax = 256;

    private const int Running = 2;
    private const int Maintenance = 0x01 | 0x02 | 0x04 | 0x20 | 0x40;
    private const int Drain = 0x08 | 0x10;

    private static readonly string[] Needed = ["be_name", "srv_name", "srv_op_state", "srv_admin_state", "srv_uweight", "srv_iweight"];

    private readonly ActuationPolicy policy;
    private readonly HaproxyClient client;
    private readonly WeightGovernor governor; // of the policy's mailbox

    public HaproxyActuator(ActuationPolicy policy, TimeSpan timeout, TimeProvider time)
    {
        this.policy = policy;
        client = new HaproxyClient(policy.Endpoint, timeout, time);
        governor = new WeightGovernor(policy);
    }

    /// <inheritdoc/>
    public double? Goal => governor.Goal;

    /// <inheritdoc/>
    public double? Errors => governor.Errors;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TargetReading>> ObserveAsync(CancellationToken cancellationToken) =>
        ReadServers(await client.ShowServersAsync(policy.Backend, cancellationToken));

    /// <inheritdoc/>
    public Proposal Propose(ActuationLook look) => governor.Propose(look);

    /// <inheritdoc/>
    public bool HasReason(TargetReading target) => governor.HasReason(target);

    /// <inheritdoc/>
    public double? LatencyOf(string name) => governor.LatencyOf(name);

    /// <inheritdoc/>
    public async Task ApplyAsync(string target, int value, CancellationToken cancellationToken) =>
        Complain(target, await client.SetWeightAsync(policy.Backend, ServerOf(target), value, cancellationToken));

    /// <inheritdoc/>
    public async Task<TargetReading> ReadBackAsync(string target, CancellationToken cancellationToken)
    {
        string server = ServerOf(target);
        string answer = await client.GetWeightAsync(policy.Backend, server, cancellationToken);
        Match match = WeightAnswer().Match(answer);
        return match.Success
            ? new TargetReading(target, server, Number(match.Groups["now"].Value), Number(match.Groups["initial"].Value), IsUp: true, MayTouch: true)
            : throw new ActuatorException($"HAProxy says of the weight of {target}: {Short(answer)}");
    }

    /// <inheritdoc/>
    public async Task RevertAsync(string target, CancellationToken cancellationToken) =>
        Complain(target, await client.ResetWeightAsync(policy.Backend, ServerOf(target), cancellationToken));

    /// <summary>Reads the answer to <c>show servers state</c>: a line with the version, one with the names of the columns, one for each server.</summary>
    /// <exception cref="ActuatorException">It is something else.</exception>
    internal IReadOnlyList<TargetReading> ReadServers(string answer)
    {
        string[] lines = answer.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        string[] columns = lines.Length > 1 && lines[1].StartsWith('#') ? lines[1][1..].Split(' ', StringSplitOptions.RemoveEmptyEntries) : [];
        int[] at = [.. Needed.Select(c => Array.IndexOf(columns, c))];
        if (lines.Length < 2 || lines[0] != "1" || at.Contains(-1))
        {
            throw new ActuatorException($"HAProxy says of the servers of {policy.Backend}: {Short(answer)}");
        }

        return [.. lines.Skip(2).Select(line => ReadServer(line.Split(' '), at)).OfType<TargetReading>()];
    }

    private TargetReading? ReadServer(string[] cells, int[] at)
    {
        if (cells.Length <= at.Max() || !HaproxyNames.IsValid(cells[at[1]]))
        {
            throw new ActuatorException($"HAProxy describes a server of {policy.Backend} as: {Short(string.Join(' ', cells))}");
        }

        if (cells[at[0]] != policy.Backend)
        {
            return null;
        }

        string name = cells[at[1]];
        bool isUp = Number(cells[at[2]]) == Running && (Number(cells[at[3]]) & (Maintenance | Drain)) == 0;
        bool mayTouch = policy.Servers.Count == 0 || policy.Servers.Contains(name);
        return new TargetReading(policy.TargetOf(name), name, Number(cells[at[4]]), Number(cells[at[5]]), isUp, mayTouch);
    }

    private static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        ? number
        : throw new ActuatorException($"HAProxy wrote \"{Short(text)}\" where a number belongs");

    private static void Complain(string target, string answer)
    {
        if (answer.Length > 0)
        {
            throw new ActuatorException($"HAProxy refuses the weight of {target}: {Short(answer)}");
        }
    }

    private static string Short(string text)
    {
        string line = text.ReplaceLineEndings(" ");
        return line.Length == 0 ? "nothing" : line[..Math.Min(200, line.Length)];
    }

    private string ServerOf(string target) =>
        policy.ServerOf(target) ?? throw new InvalidOperationException($"target {target} is none of policy {policy.Name}");

    [GeneratedRegex(@"\A(?<now>\d{1,3}) \(initial (?<initial>\d{1,3})\)\z")]
    private static partial Regex WeightAnswer();
}
