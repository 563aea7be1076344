using System.Net.Sockets;

namespace MonitorCluster.Cluster.Transport.Http;

/// <summary>Says of an exception how it ended a link.</summary>
internal static class LinkFault
{
    private const long ProtocolError = 1; // RFC 9113, section 7; the client's handler says so when its ping had no answer

    /// <summary>How a link that could not be opened ended.</summary>
    public static (LinkEnd End, string Reason) WhenOpening(Exception failure)
    {
        if (Find<SocketException>(failure) is { } socket)
        {
            return socket.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => (LinkEnd.Refused, "nobody listens there"),
                SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => (LinkEnd.Refused, $"no such host: {socket.Message}"),
                SocketError.TimedOut or SocketError.HostUnreachable or SocketError.NetworkUnreachable => (LinkEnd.TimedOut, socket.Message),
                _ => (LinkEnd.Reset, socket.Message),
            };
        }

        if (Find<TimeoutException>(failure) is not null || failure is OperationCanceledException)
        {
            return (LinkEnd.TimedOut, "no connection in time");
        }

        return failure is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }
            ? (LinkEnd.Protocol, $"no TLS connection: {Innermost(failure)}")
            : WhenOpen(failure);
    }

    /// <summary>How an open link ended.</summary>
    public static (LinkEnd End, string Reason) WhenOpen(Exception failure) =>
        Find<HttpProtocolException>(failure) is { ErrorCode: ProtocolError }
            ? (LinkEnd.TimedOut, "no sign of life, or no HTTP/2")
            : (LinkEnd.Reset, $"the connection broke: {Innermost(failure)}");

    private static T? Find<T>(Exception? failure)
        where T : Exception
    {
        while (failure is not null and not T)
        {
            failure = failure.InnerException;
        }

        return failure as T;
    }

    private static string Innermost(Exception failure)
    {
        while (failure.InnerException is { } inner)
        {
            failure = inner;
        }

        return failure.Message;
    }
}
