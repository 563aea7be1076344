using MonitorCluster.Stream;

namespace MonitorCluster.Collect;

/// <summary>Runs one source: one question, one answer. A source that may hang has a thread of its own.</summary>
internal sealed class SourceActor : ReceiveActor
{
    private const int ErrorCharsMax = 300;

    private readonly int index;
    private readonly ISampleSource source;
    private readonly SourceWriter writer;
    private readonly TimeProvider time;
    private readonly SampleBatch batch = new();

    private SourceActor(int index, ISampleSource source, SourceWriter writer, TimeProvider time)
    {
        this.index = index;
        this.source = source;
        this.writer = writer;
        this.time = time;
        Receive<CollectSamples>(Collect);
    }

    public static Props CreateProps(int index, ISampleSource source, SourceWriter writer, TimeProvider time) =>
        Props.Create(() => new SourceActor(index, source, writer, time)).WithDispatcher(source.MayHang ? Props.PinnedDispatcher : Props.DefaultDispatcher);

    private void Collect(CollectSamples question)
    {
        long start = time.GetTimestamp();
        long refusedBefore = writer.RefusedTotal;
        batch.Clear();
        writer.Begin(batch, question.TimestampMs);
        (SourceState state, string error) = TryCollect(question.TimestampMs);
        writer.End();
        if (state == SourceState.Ok && writer.RefusedTotal > refusedBefore)
        {
            (state, error) = (SourceState.Failing, $"{writer.RefusedTotal - refusedBefore} samples over the limit of series; {writer.LiveCount} series taken");
        }

        var result = new SourceResult(state, error, time.GetElapsedTime(start), writer.RefusedTotal);
        Sender.Tell(new SourceCollected(index, question.TimestampMs, batch, result));
    }

    private (SourceState State, string Error) TryCollect(long timestampMs)
    {
        try
        {
            source.Collect(writer, timestampMs);
            return (SourceState.Ok, string.Empty);
        }
        catch (SourceAbsentException e)
        {
            return (SourceState.Absent, e.Message);
        }
#pragma warning disable CA1031 // boundary: whatever goes wrong in one source is that source's state, never another one's loss
        catch (Exception e)
#pragma warning restore CA1031
        {
            string text = e is SourceFailedException ? e.Message : $"{e.GetType().Name}: {e.Message}";
            return (SourceState.Failing, text.Length > ErrorCharsMax ? text[..ErrorCharsMax] : text);
        }
    }
}
