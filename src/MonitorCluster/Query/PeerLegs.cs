using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Query;

/// <summary>Asks other nodes for their legs. Safe for any thread.</summary>
/// <param name="peers">The peers actor.</param>
internal sealed class PeerLegs(IActorRef peers)
{
    // What the peers actor's own timer may come later than.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(1);

    // Pings in a row without an answer: one that is late says less about the node than about the way to it.
    private const int MissedPingsMax = 2;

    /// <summary>Asks one node. A leg may take as long as the query; that a node hangs is noticed by pings meanwhile.</summary>
    /// <param name="member">The node.</param>
    /// <param name="leg">The question.</param>
    /// <param name="time">The clock.</param>
    /// <param name="silenceMax">The node may not leave two pings unanswered for so long.</param>
    /// <param name="cancellationToken">Ends the wait, and the other node's work.</param>
    public async Task<LegReply> AskAsync(MemberRow member, QueryLeg leg, TimeProvider time, TimeSpan silenceMax, CancellationToken cancellationToken)
    {
        using var hung = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var answered = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var request = new PeerRequest(member.Address, RequestKind.QueryLeg, QueryLegCodec.Encode(leg), leg.Timeout, new object());
        Task<object> asked = peers.Ask<object>(request, leg.Timeout + Slack, hung.Token);
        Task<TimeSpan> watch = WatchAsync(member, time, silenceMax / (MissedPingsMax + 1), hung, answered.Token);
        object? answer = null;
        string failure = string.Empty;
        try
        {
            answer = await asked;
        }
        catch (AskTimeoutException)
        {
            failure = "no answer in time";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            failure = "no answer to a ping";
        }
        finally
        {
            End(answered);
            if (answer is null)
            {
                peers.Tell(new CancelRequest(request.Address, request.Kind, request.Tag!), null);
            }
        }

        TimeSpan silence = await watch;
        return answer switch
        {
            PeerAnswer bytes when QueryAnswerCodec.TryDecode(bytes.Body.Span, leg.SamplesMax, out QueryLegAnswer? decoded) =>
                new LegReply(decoded, string.Empty, default),
            PeerAnswer => new LegReply(null, $"{member.NodeName} sent what is no answer", default),
            PeerFailed failed => new LegReply(null, $"{member.NodeName} does not answer ({failed.Reason})", default),
            _ => new LegReply(null, $"{member.NodeName} does not answer ({failure})", silence),
        };
    }

    // Gives how long the node has been silent when the watch ended.
    private async Task<TimeSpan> WatchAsync(
        MemberRow member, TimeProvider time, TimeSpan interval, CancellationTokenSource hung, CancellationToken answered)
    {
        long heard = time.GetTimestamp();
        int missed = 0;
        try
        {
            while (missed < MissedPingsMax)
            {
                if (missed == 0)
                {
                    await Task.Delay(interval, time, answered);
                }

                long asked = time.GetTimestamp();
                (heard, missed) = await IsThereAsync(member, interval, answered) ? (asked, 0) : (heard, missed + 1);
            }

            End(hung);
        }
        catch (OperationCanceledException)
        {
            // The leg has ended.
        }

        return time.GetElapsedTime(heard);
    }

    private async Task<bool> IsThereAsync(MemberRow member, TimeSpan timeout, CancellationToken answered)
    {
        try
        {
            return await peers.Ask<object>(new PeerRequest(member.Address, RequestKind.Ping, default, timeout), timeout, answered) is PeerAnswer;
        }
        catch (AskTimeoutException)
        {
            return false;
        }
    }

    // In a method of its own: the asynchronous form would run the callbacks on the thread pool, and a simulation would leave its thread.
    private static void End(CancellationTokenSource source) => source.Cancel();
}

/// <summary>What came of asking a node.</summary>
/// <param name="Answer">Its answer; null when there is none.</param>
/// <param name="Failure">Why there is none.</param>
/// <param name="Silence">How long it has been silent.</param>
internal sealed record LegReply(QueryLegAnswer? Answer, string Failure, TimeSpan Silence);
