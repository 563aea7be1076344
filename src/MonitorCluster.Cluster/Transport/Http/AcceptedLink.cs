using Microsoft.AspNetCore.Http;

namespace MonitorCluster.Cluster.Transport.Http;

/// <summary>A link that another node has opened.</summary>
internal sealed class AcceptedLink(HttpNetwork network, string remote, Action known) : HttpLink(network, remote)
{
    private readonly TaskCompletionSource attached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool isKnown;

    public override void Attach(IActorRef handler)
    {
        base.Attach(handler);
        attached.TrySetResult();
    }

    /// <summary>Ends the link unless the other side becomes known in time. Before the acceptor has the link, who may know it at once.</summary>
    public void AwaitKnown() => SetDeadline(Network.Options.UnknownTimeout, () => End(LinkEnd.TimedOut, "it did not say who it is"));

    /// <summary>Runs the link to its end. Never throws.</summary>
    public async Task RunAsync(HttpContext http)
    {
        await using CancellationTokenRegistration cutting = Cut.UnsafeRegister(static state => ((HttpContext)state!).Abort(), http);
        Task writing = Task.CompletedTask;
        try
        {
            http.Response.ContentType = LinkListener.ContentType;
            await http.Response.StartAsync(Cut);
            writing = WriteAsync(http);
            await attached.Task.WaitAsync(Cut);
            await ReadAsync(http.Request.BodyReader);
            await writing;
        }
#pragma warning disable CA1031 // boundary: however a link ends, its handler is told
        catch (Exception e)
#pragma warning restore CA1031
        {
            (LinkEnd end, string reason) = LinkFault.WhenOpen(e);
            End(end, reason);
            http.Abort(); // the cut may not have come to it yet, and this method's return would look like an end in order
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // it uses the request, which ends with this method
        }
        finally
        {
            ClearDeadline();
        }
    }

    protected override TimeSpan Linger => isKnown ? Network.Options.Linger : Network.Options.UnknownLinger;

    protected override void BecameKnown()
    {
        isKnown = true;
        ClearDeadline();
        known();
    }

    private async Task WriteAsync(HttpContext http)
    {
        await Outgoing.PumpAsync(http.Response.Body, Cut);
        await http.Response.CompleteAsync(); // tells the other side that nothing more comes, while it is still read from
    }
}
