using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;

namespace MonitorCluster.Cluster.Transport.Http;

/// <summary>A link that this node opens.</summary>
internal sealed class OpenedLink(HttpNetwork network, string address) : HttpLink(network, address)
{
    /// <summary>Ends the link unless it opens in time. Before anybody else has the link, whose end sets a deadline of its own.</summary>
    public void AwaitOpen() => SetDeadline(Network.Options.OpenTimeout, () => End(LinkEnd.TimedOut, "no answer in time"));

    /// <summary>Opens the link and runs it to its end. Never throws.</summary>
    public async Task RunAsync(HttpMessageInvoker client, string scheme)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // away from the caller, who may be an actor
        bool isOpen = false;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{scheme}://{Remote}{LinkListener.Path}")
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new Messages(Outgoing),
            };
            using HttpResponseMessage response = await client.SendAsync(request, Cut);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                bool isBusy = response.StatusCode == HttpStatusCode.ServiceUnavailable;
                End(isBusy ? LinkEnd.Busy : LinkEnd.Protocol, isBusy ? "it has too many links" : $"it answered {(int)response.StatusCode}");
                return;
            }

            isOpen = true;
            TellOpened();
            Stream body = await response.Content.ReadAsStreamAsync(Cut);
            await ReadAsync(PipeReader.Create(body, new StreamPipeReaderOptions(bufferSize: 64 << 10, useZeroByteReads: true)));
            await ((Messages)request.Content).Sent; // a request that is disposed earlier is reset, and what it had sent is lost
        }
#pragma warning disable CA1031 // boundary: however a link ends, its handler is told
        catch (Exception e)
#pragma warning restore CA1031
        {
            (LinkEnd end, string reason) = isOpen ? LinkFault.WhenOpen(e) : LinkFault.WhenOpening(e);
            End(end, reason);
        }
        finally
        {
            ClearDeadline();
        }
    }

    private sealed class Messages : HttpContent
    {
        private readonly OutgoingMessages outgoing;
        private readonly TaskCompletionSource sent = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int started;

        public Messages(OutgoingMessages outgoing)
        {
            this.outgoing = outgoing;
            Headers.ContentType = new MediaTypeHeaderValue(LinkListener.ContentType);
        }

        public Task Sent => sent.Task;

        protected override Task SerializeToStreamAsync(System.IO.Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(System.IO.Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            // The client's handler sends a request again whose connection went away at once; messages it took would be missing.
            if (Interlocked.Exchange(ref started, 1) != 0)
            {
                throw new IOException("the connection went away before it was open");
            }

            try
            {
                await outgoing.PumpAsync(stream, cancellationToken);
                sent.TrySetResult();
            }
            catch (Exception e)
            {
                sent.TrySetException(e);
                throw;
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
