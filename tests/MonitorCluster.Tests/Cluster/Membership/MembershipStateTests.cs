using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;
using static MonitorCluster.Cluster.Membership.MembershipOperation;
using static MonitorCluster.Tests.Cluster.Membership.Machines;
using static MonitorCluster.Tests.Cluster.Membership.MembershipDriver;

namespace MonitorCluster.Tests.Cluster.Membership;

public class MembershipStateTests
{
    [Fact]
    public void Heartbeat_DeadInTheStore_IsEvictedAndNothingFollows()
    {
        MembershipDriver driver = Running(2);
        driver.Members[Me] = Row(Me, MemberStatus.Dead);

        driver.Advance(1);

        Assert.Equal([new MembershipEvicted(Me)], driver.Published);
        Assert.False(driver.HasTimers);
        driver.Forget();
        driver.Wish(new LookAgain(99));
        Assert.Empty(driver.Calls);
    }

    [Fact]
    public void LookAgain_TheViewSaysThatThisNodeIsDead_IsEvicted()
    {
        MembershipDriver driver = Running(2);
        driver.Members[Me] = Row(Me, MemberStatus.Dead);
        driver.Version++;

        driver.Wish(new LookAgain(driver.Version));

        Assert.Equal([new MembershipEvicted(Me)], driver.Published);
    }

    [Fact]
    public void Running_StoreAwayForAMinute_KeepsEverythingAndEvictsNobody()
    {
        MembershipDriver driver = Running(2, 3);
        driver.Store = _ => new StoreUnavailableException();
        driver.Advance(60);

        driver.Store = driver.Answer;
        for (int second = 0; second < 14; second++)
        {
            driver.Advance(1);
        }

        Assert.Empty(driver.Published);
        Assert.Equal(0, driver.Count(Evict));
    }

    [Fact]
    public void Running_StoreHangs_DoesNotPileUpTransactions()
    {
        MembershipDriver driver = Running();
        driver.Store = _ => Pending;

        driver.Advance(60);

        Assert.Equal((1, 1), (driver.Count(Heartbeat), driver.Count(AcquireLease)));
    }

    [Fact]
    public void Heartbeat_StoreTakesSeconds_BarsThisNodeFromVoting()
    {
        MembershipDriver driver = Running(2);
        driver.Store = call => call.Operation == Heartbeat ? Pending : driver.Answer(call);
        for (int i = 0; i < 4; i++)
        {
            driver.Advance(3.5);
            driver.Step(new MembershipEvent.Succeeded(new StoreCall(Heartbeat), driver.Answer(new StoreCall(Heartbeat))));
        }

        driver.Peer = request => request.Kind == RequestKind.Ping ? Failed(request, PeerFailure.NotListening, "refused") : Healthy(request);
        driver.Advance(3.5);

        Assert.Equal(0, driver.Count(Vote));
    }

    [Fact]
    public void Heartbeat_VersionMoved_PublishesTheWholeMapOnce()
    {
        MembershipDriver driver = Running(2);
        driver.Version++;
        driver.Shards[1] = driver.Shards[1] with { Owner = 2, Epoch = 2 };

        driver.Advance(5);

        ClusterViewChanged view = Assert.IsType<ClusterViewChanged>(Assert.Single(driver.Published));
        Assert.Equal((driver.Version, 2, 4), (view.Version, view.Members.Count, view.ShardOwners.Count));
        Assert.Equal(2, view.ShardOwners[1].Owner);
    }

    [Fact]
    public void AlertsSeen_FromHeartbeatAndNews_OnlyRises()
    {
        MembershipDriver driver = Running(2);
        driver.Alerts = 5;
        driver.Advance(1);
        driver.Alerts = 7;
        driver.Ask(RequestKind.News, Peer(2), NewsOf(0, 7));
        driver.Ask(RequestKind.News, Peer(2), NewsOf(0, 6));
        Assert.Equal([new AlertsSeen(5), new AlertsSeen(7)], driver.Published); // before the next heartbeat

        driver.Advance(3);

        Assert.Equal([new AlertsSeen(5), new AlertsSeen(7)], driver.Published);
    }

    [Fact]
    public void News_OfAlertsThatTheStoreDoesNotHave_HidesNoneThatCome()
    {
        MembershipDriver driver = Running(2);
        driver.Alerts = 5;
        driver.Ask(RequestKind.News, Peer(2), NewsOf(0, 1_000));
        driver.Alerts = 6;
        driver.Advance(2);

        Assert.Equal([new AlertsSeen(5), new AlertsSeen(6)], driver.Published);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    public void News_OnlyANewerVersion_IsLookedAt(int newer, int reads)
    {
        MembershipDriver driver = Running(2);

        driver.Ask(RequestKind.News, Peer(2), NewsOf(driver.Version + newer, 0));

        Assert.Equal(reads, driver.Count(ReadView));
        Assert.IsType<RequestReply>(Assert.Single(driver.Answers));
    }

    [Fact]
    public void LookAgain_WhileAReadingIsUnderWay_ReadsOnceMore()
    {
        MembershipDriver driver = Running(2);
        ClusterView old = driver.View();
        driver.Store = call => call.Operation == ReadView ? Pending : driver.Answer(call);
        driver.Version++;
        driver.Wish(new LookAgain(driver.Version));
        driver.Wish(new LookAgain(driver.Version));
        Assert.Equal(1, driver.Count(ReadView));
        driver.Store = driver.Answer;

        driver.Step(new MembershipEvent.Succeeded(new StoreCall(ReadView), old));

        Assert.Equal(2, driver.Count(ReadView));
        Assert.Equal(driver.Version, Assert.IsType<ClusterViewChanged>(Assert.Single(driver.Published)).Version);
    }

    [Fact]
    public void TellNews_OwnAlerts_GoToEveryActiveMember()
    {
        MembershipDriver driver = Running(2, 3);

        driver.Wish(new TellNews(9));

        Assert.Equal([Address(2), Address(3)], driver.Asked.Where(request => request.Kind == RequestKind.News).Select(request => request.Address));
        Assert.Equal([new AlertsSeen(9)], driver.Published);
    }

    [Fact]
    public void ShardsHandedOver_ReadsTheViewAndTellsTheOthersItsVersion()
    {
        MembershipDriver driver = Running(2);
        driver.Version++;

        driver.Wish(new ShardsHandedOver());

        Assert.Equal(1, driver.Count(ReadView));
        PeerRequest news = Assert.Single(driver.Asked, request => request.Kind == RequestKind.News);
        Assert.Equal(driver.Version, BitConverter.ToInt64(news.Body.Span));
    }

    [Fact]
    public void Join_AskedOfAMember_IsAdmittedThroughItsStore()
    {
        MembershipDriver driver = Running(2);

        driver.Ask(RequestKind.Join, Peer(4, 0), JoinRequest.From(NodeOf(4), Identity, ClusterUuid).ToBytes());

        Assert.Equal(1, driver.Count(AdmitOther));
        JoinReply reply = JoinReply.Read(Assert.IsType<RequestReply>(Assert.Single(driver.Answers)).Body.Span)!;
        Assert.Equal((JoinOutcome.Admitted, 7), (reply.Outcome, reply.Incarnation));
    }

    [Fact]
    public void Join_StoreAway_SaysBusy()
    {
        MembershipDriver driver = Running(2);
        driver.Store = _ => new StoreUnavailableException();

        driver.Ask(RequestKind.Join, Peer(4, 0), JoinRequest.From(NodeOf(4), Identity, ClusterUuid).ToBytes());

        Assert.Equal(JoinOutcome.Busy, JoinReply.Read(Assert.IsType<RequestReply>(Assert.Single(driver.Answers)).Body.Span)!.Outcome);
    }

    [Fact]
    public void Join_AskedOfANodeThatJoinsItself_SaysThatItIsNoMember()
    {
        MembershipDriver driver = new(Address(2));
        driver.Start();

        driver.Ask(RequestKind.Join, Peer(4, 0), JoinRequest.From(NodeOf(4), Identity, ClusterUuid).ToBytes());

        Assert.Equal(JoinOutcome.NotMember, JoinReply.Read(Assert.IsType<RequestReply>(Assert.Single(driver.Answers)).Body.Span)!.Outcome);
    }

    [Fact]
    public void Join_OtherStoreAskedOfANodeThatJoinsItself_IsRefused()
    {
        MembershipDriver driver = new(Address(2));
        ReadOnlyMemory<byte> request = JoinRequest.From(NodeOf(4), Identity, new Guid(8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)).ToBytes();
        driver.Ask(RequestKind.Join, Peer(4, 0), request); // its own store is not open yet
        driver.Start();

        driver.Ask(RequestKind.Join, Peer(4, 0), request);

        JoinReply[] replies = [.. driver.Answers.Select(answer => JoinReply.Read(((RequestReply)answer).Body.Span)!)];
        Assert.Equal([JoinOutcome.NotMember, JoinOutcome.Refused], replies.Select(reply => reply.Outcome));
        Assert.Contains("names another database", Assert.Single(replies[1].Reasons), StringComparison.Ordinal);
    }

    [Fact]
    public void Asked_NonsenseOfAnyKind_IsRefused()
    {
        MembershipDriver driver = Running(2);

        foreach (RequestKind kind in Enum.GetValues<RequestKind>())
        {
            driver.Ask(kind, Peer(2), new byte[] { 1, 2, 3 });
        }

        Assert.Equal(Enum.GetValues<RequestKind>().Length, driver.Answers.Count);
        Assert.All(driver.Answers, answer => Assert.IsType<RequestRefused>(answer));
        Assert.Empty(driver.Calls);
    }

    private static byte[] NewsOf(long version, long alerts) =>
        [.. BitConverter.GetBytes(version), .. BitConverter.GetBytes(alerts), .. BitConverter.GetBytes(0L)];
}
