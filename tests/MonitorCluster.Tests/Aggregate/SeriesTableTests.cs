using MonitorCluster.Aggregate;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Aggregate;

public class SeriesTableTests
{
    private static readonly LabelSet[] Sets = [.. Enumerable.Range(0, 500).Select(i => LabelSet.Create($"metric_{i % 7}", ("host", "h"), ("cell", $"{i}")))];

    [Fact]
    public void TryFind_CanonicalBytes_FindsWhatTheSetFindsUntilItIsRetired()
    {
        SeriesTable table = Filled();

        Assert.All(Sets, set => Assert.True(
            table.TryFind(set.Bytes, out int byBytes) && table.TryFind(set, out int bySet) && byBytes == bySet && table[byBytes]!.Labels == set));
        Assert.False(table.TryFind(Sets[3].Bytes[..^1], out _));
        Assert.False(table.TryFind([], out _));

        Assert.True(table.TryFind(Sets[3].Bytes, out int gone));
        table.Retire(gone);
        Assert.False(table.TryFind(Sets[3].Bytes, out _));
    }

    [Fact]
    public void TryFind_CanonicalBytes_AllocatesNothing()
    {
        SeriesTable table = Filled();

        Allocation.AssertNone(() =>
        {
            foreach (LabelSet set in Sets)
            {
                table.TryFind(set.Bytes, out _);
            }
        });
    }

    private static SeriesTable Filled()
    {
        var table = new SeriesTable();
        foreach (LabelSet set in Sets)
        {
            table.Add(set, 0);
        }

        return table;
    }
}
