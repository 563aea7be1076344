using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace MonitorCluster.Node.Api;

/// <summary>Writes JSON to a response piece by piece, so that an answer of any size needs a small buffer.</summary>
internal sealed class JsonStream(PipeWriter output, CancellationToken cancellation) : IAsyncDisposable
{
    // Large enough to make system calls rare, small enough for a thousand answers at once.
    private const int FlushBytes = 32 * 1024;

    // The type is application/json and never embedded in HTML, so only what JSON itself demands is escaped.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Where to write; call <see cref="BreatheAsync"/> now and then.</summary>
    public Utf8JsonWriter Writer { get; } = new(output, Options);

    /// <summary>Sends what is written when it has grown; waits for a slow reader.</summary>
    public async ValueTask BreatheAsync()
    {
        if (Writer.BytesPending + output.UnflushedBytes >= FlushBytes)
        {
            await Writer.FlushAsync(cancellation);
            await output.FlushAsync(cancellation);
        }
    }

    /// <summary>Sends the rest.</summary>
    public async ValueTask DisposeAsync()
    {
        await Writer.FlushAsync(cancellation);
        await output.FlushAsync(cancellation);
        await Writer.DisposeAsync();
    }
}
