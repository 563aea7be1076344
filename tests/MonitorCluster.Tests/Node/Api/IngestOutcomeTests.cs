using MonitorCluster.Node.Api;

namespace MonitorCluster.Tests.Node.Api;

public sealed class IngestOutcomeTests
{
    [Fact]
    public void Refuse_ManyOfOneReason_CountsAllAndShowsTheFirstExample()
    {
        var outcome = new IngestOutcome { Accepted = 4 };
        Assert.True(outcome.Refuse(PushReason.ReservedNaN, 1));
        outcome.Explain(PushReason.ReservedNaN, "a");
        Assert.False(outcome.Refuse(PushReason.ReservedNaN, 2));

        Assert.Equal("4 samples stored, 3 refused:\n3 samples with the reserved NaN: a\n", outcome.ToString());
        Assert.Equal([("samples_with_reserved_nan", 3L)], outcome.Refused.Select(r => (r.Reason.Label, r.Samples)));
    }

    [Fact]
    public void Explain_LongExample_IsCutAt200AndNotWithinACharacter()
    {
        var outcome = new IngestOutcome();
        outcome.Refuse(PushReason.SeriesLimit, 1);
        outcome.Explain(PushReason.SeriesLimit, new string('a', 199) + "\U0001F600" + new string('b', 50));

        Assert.EndsWith(": " + new string('a', 199) + "...\n", outcome.ToString(), StringComparison.Ordinal);
    }
}
