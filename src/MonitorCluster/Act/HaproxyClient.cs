using System.Net.Sockets;
using System.Text;

namespace MonitorCluster.Act;

/// <summary>HAProxy's runtime API: one command a connection, its answer up to the end. Safe for any thread; keeps no connection.</summary>
/// <remarks>
/// Commands are made here and nowhere else, of three fixed forms. Source: HAProxy 2.6 management guide, section 9.3 "Unix Socket commands".
/// A change lives in HAProxy's memory only: a reload or restart brings the configuration's weights back.
/// </remarks>
/// <param name="endpoint">Where it listens.</param>
/// <param name="timeout">How long one command may take, from connecting to the end of the answer.</param>
/// <param name="time">Clock and timers.</param>
internal sealed class HaproxyClient(HaproxyEndpoint endpoint, TimeSpan timeout, TimeProvider time)
{
    /// <summary>The most bytes of an answer: a server's line has some 200, so that is 5,000 servers.</summary>
    public const int AnswerBytesMax = 1 << 20;

    /// <summary>The state of every server of a backend.</summary>
    public Task<string> ShowServersAsync(string backend, CancellationToken cancellationToken) =>
        AskAsync($"show servers state {Checked(backend)}", cancellationToken);

    /// <summary>A server's weight and its initial one.</summary>
    public Task<string> GetWeightAsync(string backend, string server, CancellationToken cancellationToken) =>
        AskAsync($"get weight {Checked(backend)}/{Checked(server)}", cancellationToken);

    /// <summary>Sets a server's weight; the answer is empty unless it is a complaint.</summary>
    public Task<string> SetWeightAsync(string backend, string server, int weight, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(weight);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(weight, HaproxyActuator.WeightMax);
        return AskAsync(FormattableString.Invariant($"set weight {Checked(backend)}/{Checked(server)} {weight}"), cancellationToken);
    }

    /// <summary>Gives a server its initial weight.</summary>
    public Task<string> ResetWeightAsync(string backend, string server, CancellationToken cancellationToken) =>
        AskAsync($"set weight {Checked(backend)}/{Checked(server)} 100%", cancellationToken);

    // The parser has looked already; here a name that can break out of its command ends the program's work, whoever let it through.
    private static string Checked(string name) =>
        HaproxyNames.IsValid(name) ? name : throw new InvalidOperationException("a name that HAProxy does not allow must not get here");

    private async Task<string> AskAsync(string command, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            using var socket = new Socket(
                endpoint.Address.AddressFamily, SocketType.Stream, endpoint.Address is System.Net.IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified);
            await socket.ConnectAsync(endpoint.Address, either.Token);
            await SendAllAsync(socket, Encoding.ASCII.GetBytes(command + "\n"), either.Token);
            return await ReadAllAsync(socket, command, either.Token);
        }
        catch (SocketException e)
        {
            throw new ActuatorException($"HAProxy at {endpoint.Text} cannot be reached for \"{command}\": {e.Message}", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ActuatorException(
                FormattableString.Invariant($"HAProxy at {endpoint.Text} did not answer \"{command}\" within {timeout.TotalSeconds:0.#} s"), e);
        }
    }

    private static async Task SendAllAsync(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, cancellationToken)..];
        }
    }

    // HAProxy closes the connection after the answer.
    private async Task<string> ReadAllAsync(Socket socket, string command, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[4096];
        int length = 0;
        while (true)
        {
            int read = await socket.ReceiveAsync(buffer.AsMemory(length), SocketFlags.None, cancellationToken);
            if (read == 0)
            {
                return Encoding.UTF8.GetString(buffer, 0, length).Trim();
            }

            length += read;
            if (length > AnswerBytesMax)
            {
                throw new ActuatorException($"HAProxy at {endpoint.Text} answered \"{command}\" with more than {AnswerBytesMax} bytes");
            }

            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 2);
            }
        }
    }
}
