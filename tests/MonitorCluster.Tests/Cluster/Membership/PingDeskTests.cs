using System.Text;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;
using static MonitorCluster.Tests.Cluster.Membership.Machines;

namespace MonitorCluster.Tests.Cluster.Membership;

public class PingDeskTests
{
    private readonly Machines machines = new();
    private readonly PingDesk desk;

    public PingDeskTests()
    {
        desk = new PingDesk(machines.Config(), machines.Outbox, machines.Map);
        machines.See(1, Row(1), Row(2), Row(3, MemberStatus.Dead));
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(3, false)] // dead
    [InlineData(4, true)] // the asker's own address: it joins
    [InlineData(5, false)] // anybody's
    public void Take_Address_IsPingedOnlyWhereItMayBe(long address, bool isAsked)
    {
        List<MembershipEffect> effects = Take(PingOtherBody.Write(0, Address(address)));

        Assert.Equal(isAsked ? 1 : 0, Asked(effects).Count);
        Assert.Equal(isAsked, Answers(effects) is not [RequestRefused]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("12345678")]
    [InlineData("12345678no address")]
    public void Take_NoAddress_IsRefused(string body) => Assert.IsType<RequestRefused>(Assert.Single(Answers(Take(Encoding.UTF8.GetBytes(body)))));

    [Fact]
    public void Take_TooMany_IsRefused()
    {
        for (int i = 0; i < 64; i++)
        {
            Assert.Empty(Answers(Take(PingOtherBody.Write(0, Address(2)))));
        }

        Assert.IsType<RequestRefused>(Assert.Single(Answers(Take(PingOtherBody.Write(0, Address(2))))));
    }

    [Theory]
    [InlineData(0, 7, "")]
    [InlineData(7, 7, "")]
    [InlineData(7, 0, "a process that is no member answers there")]
    [InlineData(0, 0, "")]
    [InlineData(7, 8, "incarnation 8 answers there")]
    public void Answered_ByWhom_IsCompared(long expected, long found, string answer)
    {
        PeerTag.PingFor tag = (PeerTag.PingFor)Assert.Single(Asked(Take(PingOtherBody.Write(expected, Address(2))))).Tag!;

        desk.Answered(tag.Request, Peer(2, found));

        Assert.Equal(answer, Text(((RequestReply)Assert.Single(Answers(machines.Effects()))).Body));
    }

    [Fact]
    public void Unanswered_ReasonGoesBack_Once()
    {
        PeerTag.PingFor tag = (PeerTag.PingFor)Assert.Single(Asked(Take(PingOtherBody.Write(0, Address(2))))).Tag!;

        desk.Unanswered(tag.Request, PeerFailure.NotListening, "refused");
        desk.Unanswered(tag.Request, PeerFailure.NotListening, "refused");

        Assert.Equal("refused", PingOtherBody.ReadAnswer(((RequestReply)Assert.Single(Answers(machines.Effects()))).Body.Span));
    }

    [Fact]
    public void Unanswered_TakesNoMoreLinks_IsNoVerdict()
    {
        PeerTag.PingFor tag = (PeerTag.PingFor)Assert.Single(Asked(Take(PingOtherBody.Write(0, Address(2))))).Tag!;

        desk.Unanswered(tag.Request, PeerFailure.Busy, "it has too many links");

        Assert.IsType<RequestRefused>(Assert.Single(Answers(machines.Effects())));
    }

    private List<MembershipEffect> Take(ReadOnlyMemory<byte> body)
    {
        desk.Take(new IncomingRequest(RequestKind.PingOther, Peer(4, 0), body), Asker);
        return machines.Effects();
    }
}
