using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using static MonitorCluster.Tests.Cluster.Membership.Machines;

namespace MonitorCluster.Tests.Cluster.Membership;

public class NewsStateTests
{
    private readonly Machines machines = new();
    private readonly NewsState news;

    public NewsStateTests()
    {
        news = new NewsState(machines.Config(), machines.Outbox, machines.Map);
        machines.See(7, Row(1), Row(2), Row(3, MemberStatus.Leaving), Row(4, MemberStatus.Dead), Row(5, MemberStatus.Joining));
    }

    [Fact]
    public void Tell_GoesToActiveAndLeaving_AndIsReadThere()
    {
        news.Tell(1, isController: true, alertSequence: 12);

        var asked = Asked(machines.Effects());
        Assert.Equal([Address(2), Address(3)], asked.Select(request => request.Address));
        NewsState other = new(machines.Config(2), new MembershipOutbox(), new ClusterMap());
        Assert.True(other.TryRead(asked[0].Body.Span, out long version, out long alerts));
        Assert.Equal((7, 12, 1), (version, alerts, other.Controller));
    }

    [Fact]
    public void Tell_WhileOneIsUnderWay_SendsTheNewestAfterIt()
    {
        news.Tell(1, false, 1);
        machines.Effects();
        news.Tell(1, false, 2);
        news.Tell(1, false, 3);
        Assert.Empty(Asked(machines.Effects()));

        news.Answered(2);
        var second = Asked(machines.Effects());
        news.Answered(2);

        Assert.True(news.TryRead(Assert.Single(second).Body.Span, out _, out long alerts));
        Assert.Equal(3, alerts);
        Assert.Empty(Asked(machines.Effects()));
    }

    [Fact]
    public void Unanswered_Member_IsAskedAgainOnlyWithTheNextNews()
    {
        news.Tell(1, false);
        machines.Effects();

        news.Unanswered(2);
        Assert.Empty(Asked(machines.Effects()));
        news.Tell(1, false, 9);

        Assert.Equal(Address(2), Assert.Single(Asked(machines.Effects())).Address);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(23)]
    [InlineData(25)]
    public void TryRead_WrongLength_IsFalse(int length) => Assert.False(news.TryRead(new byte[length], out _, out _));
}
