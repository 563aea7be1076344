using MonitorCluster.Collect;
using MonitorCluster.Stream;

namespace MonitorCluster.Tests.Collect;

public class HostCollectorStateTests
{
    private static readonly SourceResult Ok = new(SourceState.Ok, "", TimeSpan.FromMilliseconds(2), 0);

    private readonly HostCollectorState state = new(
        ["slow", "fast"], new CollectOptions(), new SourceWriter(new SeriesCatalog(100, (_, _) => 0), new MetricCatalog(), "h", 100));

    [Fact]
    public void Close_SourceThatDidNotAnswer_HangsAndIsNotAskedUntilItDoes()
    {
        Assert.Equal([0, 1], state.Open(1000));
        state.Answered(1, 1000, Ok);

        Assert.Equal([0], state.Close());
        Assert.Equal([1], state.Open(2000));
        state.Answered(1, 2000, Ok);
        Assert.Empty(state.Close());
        Assert.Equal((SourceState.Hung, TimeSpan.FromSeconds(1)), (state.StatusOf(0).State, state.StatusOf(0).LastDuration));

        Assert.Equal(SourceState.Hung, state.Answered(0, 1000, Ok));
        Assert.Equal([0, 1], state.Open(3000));
        Assert.Equal(2, state.Waiting);
    }

    [Fact]
    public void WriteStatus_HungSource_HasSuccessZeroAndItsAge()
    {
        state.Open(1000);
        state.Answered(1, 1000, Ok);
        state.Close();
        state.Open(5000);
        state.Close();
        var batch = new SampleBatch();

        state.WriteStatus(batch);

        Dictionary<string, double> values = MeasuredTree.Values(batch);
        Assert.Equal(0, values["node_scrape_collector_success{collector=\"slow\"}"]);
        Assert.Equal(4, values["node_scrape_collector_duration_seconds{collector=\"slow\"}"]);
    }

    [Fact]
    public void Open_ClockSetBack_ForgetsPauses()
    {
        state.Open(100_000);
        state.Answered(0, 100_000, Ok with { State = SourceState.Failing, Error = "x" });
        state.Answered(1, 100_000, Ok);
        state.Close();

        Assert.Equal([0, 1], state.Open(10_000));
    }

    [Fact]
    public void Backoff_ManyFailures_EndsAtTheLimit()
    {
        long at = 1000;
        var pauses = new List<long>();
        long last = 0;
        for (; at < 400_000; at += 1000)
        {
            foreach (int index in state.Open(at))
            {
                if (index == 0)
                {
                    pauses.Add(at - last);
                    last = at;
                }

                state.Answered(index, at, index == 0 ? Ok with { State = SourceState.Absent, Error = "x" } : Ok);
            }

            state.Close();
        }

        Assert.Equal([1000, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000, 60000, 60000], pauses);
    }
}
