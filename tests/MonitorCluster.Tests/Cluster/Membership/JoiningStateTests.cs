using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;
using static MonitorCluster.Cluster.Membership.MembershipOperation;
using static MonitorCluster.Tests.Cluster.Membership.Machines;
using static MonitorCluster.Tests.Cluster.Membership.MembershipDriver;

namespace MonitorCluster.Tests.Cluster.Membership;

/// <summary>The way into the cluster, seen from outside of the whole machine.</summary>
public class JoiningStateTests
{
    [Fact]
    public void Start_NoSeeds_IsActiveWithoutWaitingForAnything()
    {
        MembershipDriver driver = new();

        driver.Start();

        Assert.Equal(new MembershipReady(Me, ClusterUuid), driver.Published[0]);
        Assert.Equal(4, Assert.IsType<ClusterViewChanged>(driver.Published[1]).ShardOwners.Count);
        Assert.Equal([Open, Admit, ReadView, Activate, AcquireLease, ReadView], driver.Calls.Select(call => call.Call.Operation).Take(6));
        Assert.Empty(driver.Asked);
    }

    [Fact]
    public void Start_SeedIsAMember_JoinsThroughTheFirstInOrderThatIs()
    {
        MembershipDriver driver = new(Address(2), Address(3), Address(4));
        driver.Peer = request => request.Address == Address(2) ? Failed(request, PeerFailure.NotListening, "refused") : Healthy(request);

        driver.Start();

        Assert.Equal([Address(2), Address(3)], driver.Asked.Where(request => request.Kind == RequestKind.Join).Select(request => request.Address));
        Assert.All(driver.Asked, request => Assert.True(request.Kind != RequestKind.Join || request.Timeout == TimeSpan.FromSeconds(2)));
        Assert.Equal(0, driver.Count(Admit));
        Assert.IsType<MembershipReady>(driver.Published[0]);
    }

    [Fact]
    public void Start_SeedsNameOnlyOthersAndNoneIsThere_NeverAdmitsItselfAndSaysSoEveryTenSeconds()
    {
        MembershipDriver driver = new(Address(2), Address(3));

        driver.Start();
        driver.Advance(61);

        Assert.Equal(0, driver.Count(Admit));
        Assert.InRange(driver.Asked.Count, 2 * 40, 2 * 122); // rounds of 0.5 to 1.5 s
        Assert.InRange(driver.Reports.Count, 4, 6);
        Assert.Contains($"{Address(2)}: refused; {Address(3)}: refused", driver.Reports[0].Text);
        driver.Peer = Healthy;
        driver.Advance(2);
        Assert.IsType<MembershipReady>(driver.Published[0]);
    }

    [Theory]
    [InlineData("127.0.0.1:9601")]
    [InlineData("n1:9601")]
    public void Start_SeedsNameItselfAndNoOtherIsAMember_AdmitsItself(string own)
    {
        MembershipDriver driver = new(Address(2), own, Address(3));
        driver.Peer = request => request.Address == Address(3)
            ? Answered(request, Peer(3, 0), JoinReply.Of(JoinOutcome.NotMember).ToBytes()) : Failed(request, PeerFailure.TimedOut, "no answer");

        driver.Start();

        Assert.Equal([Address(2), Address(3)], driver.Asked.Select(request => request.Address));
        Assert.Equal(1, driver.Count(Admit));
        Assert.IsType<MembershipReady>(driver.Published[0]);
    }

    [Fact]
    public void Start_SeedIsAnotherNameOfThisNode_AdmitsItself()
    {
        MembershipDriver driver = new("localhost:9601");
        driver.Peer = request => Failed(request, PeerFailure.Itself, "n1 at localhost:9601: that address leads back to n1 itself");

        driver.Start();

        Assert.IsType<MembershipReady>(driver.Published[0]);
    }

    [Fact]
    public void Start_SeedsNameItselfButAnotherIsAMember_JoinsThroughIt()
    {
        MembershipDriver driver = new(Address(1), Address(2)) { Peer = Healthy };

        driver.Start();

        Assert.Equal(0, driver.Count(Admit));
        Assert.IsType<MembershipReady>(driver.Published[0]);
    }

    [Fact]
    public void Start_SeedIsAMemberWhoseStoreIsAway_WaitsInsteadOfAdmittingItself()
    {
        MembershipDriver driver = new(Address(1), Address(2));
        driver.Peer = request => Answered(request, Peer(2), JoinReply.Of(JoinOutcome.Busy).ToBytes());

        driver.Start();
        driver.Advance(5);

        Assert.Equal(0, driver.Count(Admit));
        Assert.Empty(driver.Published);
    }

    [Theory]
    [InlineData(PeerFailure.WrongToken)]
    [InlineData(PeerFailure.WrongCluster)]
    public void Start_NoOtherSeedIsAMemberAndOneKnowsAnotherTokenOrCluster_IsRefusedForGood(PeerFailure failure)
    {
        MembershipDriver driver = new(Address(2), Address(1));
        driver.Peer = request => Failed(request, failure, "the join tokens differ");

        driver.Start();

        MembershipRefused refused = Assert.IsType<MembershipRefused>(Assert.Single(driver.Published));
        Assert.Equal([$"The seed {Address(2)} refuses this node: the join tokens differ"], refused.Reasons);
        Assert.False(refused.MayRetry);
        Assert.False(driver.HasTimers);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Start_OneSeedIsOfAnotherCluster_JoinsThroughTheNext(bool answers)
    {
        MembershipDriver driver = new(Address(2), Address(3));
        driver.Peer = request => request.Address != Address(2) ? Healthy(request)
            : answers ? Answered(request, Peer(2) with { ClusterUuid = Guid.Empty }, JoinReply.Refused(["another store"]).ToBytes())
            : Failed(request, PeerFailure.WrongCluster, "another cluster");

        driver.Start();

        Assert.IsType<MembershipReady>(driver.Published[0]);
    }

    [Fact]
    public void Start_OneSeedIsOfAnotherClusterAndAMembersStoreIsAway_WaitsForThatOne()
    {
        MembershipDriver driver = new(Address(2), Address(3));
        driver.Peer = request => request.Address == Address(2)
            ? Failed(request, PeerFailure.WrongCluster, "another cluster") : Answered(request, Peer(3), JoinReply.Of(JoinOutcome.Busy).ToBytes());

        driver.Start();
        driver.Advance(20);

        Assert.Empty(driver.Published);
        Assert.Contains("another cluster", driver.Reports[0].Text, StringComparison.Ordinal);
        driver.Peer = request => request.Address == Address(2) ? Failed(request, PeerFailure.WrongCluster, "another cluster") : Healthy(request);
        driver.Advance(2);
        Assert.IsType<MembershipReady>(driver.Published[0]);
    }

    [Fact]
    public void Start_SeedListsReasons_EndsWithAllOfThem()
    {
        MembershipDriver driver = new(Address(2));
        driver.Peer = request => Answered(request, Peer(2), JoinReply.Refused(["a", "b"]).ToBytes());

        driver.Start();

        Assert.Equal(["a", "b"], Assert.IsType<MembershipRefused>(Assert.Single(driver.Published)).Reasons);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Start_SomebodyHasTheName_IsWatchedForEightSecondsAndThenJudged(bool lives)
    {
        MembershipDriver driver = new(Address(2));
        List<(double At, IReadOnlyList<ObservedMember> StoodStill)> asked = [];
        driver.Peer = request =>
        {
            if (request.Kind != RequestKind.Join)
            {
                return Healthy(request);
            }

            JoinRequest join = JoinRequest.Read(request.Body.Span)!;
            asked.Add((driver.Now.TotalSeconds, join.StoodStill));
            JoinReply inTheWay = new(JoinOutcome.InTheWay, 0, [new JoinObstacle(5, "n1", Address(9), lives ? asked.Count : 1)], []);
            return join.StoodStill.Contains(new ObservedMember(5, inTheWay.InTheWay[0].HeartbeatSeq))
                ? Healthy(request) : Answered(request, Peer(2), inTheWay.ToBytes());
        };

        driver.Start();
        driver.Advance(9);

        Assert.Equal([0d, 8d], asked.Select(one => one.At));
        Assert.Equal([new ObservedMember(5, 1)], asked[1].StoodStill);
        if (lives)
        {
            Assert.Equal(
                [$"Node:Name 'n1' is in use by the living node 'n1' at {Address(9)} (incarnation 5)."],
                Assert.IsType<MembershipRefused>(Assert.Single(driver.Published)).Reasons);
        }
        else
        {
            Assert.IsType<MembershipReady>(driver.Published[0]);
        }
    }

    [Theory]
    [InlineData(5, 0)]
    [InlineData(6, 1)]
    public void Start_SomebodyHasTheNameWhoseHeartHangs_IsNotReplacedWhenItAnswers(long answering, int evidence)
    {
        MembershipDriver driver = new(Address(2));
        List<JoinRequest> asked = [];
        driver.Peer = request =>
        {
            if (request.Kind != RequestKind.Join)
            {
                return Answered(request, Peer(5, answering));
            }

            asked.Add(JoinRequest.Read(request.Body.Span)!);
            return Answered(request, Peer(2), new JoinReply(JoinOutcome.InTheWay, 0, [new JoinObstacle(5, "n1", Address(5), 1)], []).ToBytes());
        };

        driver.Start();
        driver.Advance(9);

        Assert.Equal(Address(5), Assert.Single(driver.Asked, request => request.Kind == RequestKind.Ping).Address);
        Assert.Equal(evidence, asked[1].StoodStill.Count);
        Assert.IsType<MembershipRefused>(Assert.Single(driver.Published));
    }

    [Theory]
    [InlineData("n2", "127.0.0.1:9601", "The address 127.0.0.1:9601 is in use by the living node 'n2' at 127.0.0.1:9601 (incarnation 3).")]
    [InlineData("n2", "127.0.0.1:9", "Cluster:Seeds is empty, but the store already has the living node 'n2' at 127.0.0.1:9 (incarnation 3). "
        + "Set Cluster:Seeds=127.0.0.1:9 to join it.")]
    public void Start_NoSeedsAndSomebodyLives_IsRefusedNamingWhatToSet(string name, string address, string reason)
    {
        MembershipDriver driver = new();
        MemberRow other = Row(3) with { NodeName = name, Address = address };
        driver.Store = call => call.Operation == Admit ? new AdmitResult(0, [other]) : driver.Answer(call);

        driver.Start();
        driver.Advance(8);

        Assert.Equal([reason], Assert.IsType<MembershipRefused>(Assert.Single(driver.Published)).Reasons);
    }

    [Fact]
    public void Start_DataDirectoryIsThatOfALivingNode_IsRefusedNamingIt()
    {
        MembershipDriver driver = new(Address(2));
        JoinReply inTheWay = new(JoinOutcome.InTheWay, 0, [new JoinObstacle(5, "n5", Address(5), 1)], []);
        driver.Peer = request => Answered(request, Peer(2), inTheWay.ToBytes());

        driver.Start();
        driver.Advance(10);

        Assert.StartsWith(
            "Node:DataDir is that of the living node 'n5'", Assert.Single(Assert.IsType<MembershipRefused>(Assert.Single(driver.Published)).Reasons),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Watch_StoreAwayMeanwhile_WatchesAnew()
    {
        MembershipDriver driver = new();
        int admissions = 0;
        driver.Store = call => call.Operation != Admit ? driver.Answer(call)
            : ++admissions == 2 ? new StoreUnavailableException() : new AdmitResult(0, [Row(3)]);

        driver.Start();
        driver.Advance(16);
        Assert.Empty(driver.Published);
        driver.Advance(1);

        Assert.Equal(4, admissions); // seen, away, seen again, still there
        Assert.IsType<MembershipRefused>(Assert.Single(driver.Published));
    }

    [Fact]
    public void Start_StoreAway_BacksOffToFiveSecondsAndGoesOn()
    {
        MembershipDriver driver = new();
        driver.Store = _ => new StoreUnavailableException();
        driver.Start();
        driver.Advance(17.75);

        Assert.Equal([0, 0.25, 0.75, 1.75, 3.75, 7.75, 12.75, 17.75], driver.Calls.Select(call => call.At));
        driver.Store = driver.Answer;
        driver.Advance(5);
        Assert.IsType<MembershipReady>(driver.Published[0]);
    }

    [Fact]
    public void Start_StoreRefused_EndsWithAllReasons()
    {
        MembershipDriver driver = new() { Store = _ => new StoreRefusedException(["a", "b"]) };

        driver.Start();

        MembershipRefused refused = Assert.IsType<MembershipRefused>(Assert.Single(driver.Published));
        Assert.Equal(["a", "b"], refused.Reasons);
        Assert.False(refused.MayRetry);
    }

    [Fact]
    public void Reach_EveryActiveMember_IsPingedInBothDirectionsBeforeActive()
    {
        MembershipDriver driver = new(Address(2)) { Peer = Healthy };
        driver.Members.Add(2, Row(2));
        driver.Members.Add(3, Row(3));
        driver.Members.Add(4, Row(4, MemberStatus.Dead));
        driver.Members.Add(5, Row(5, MemberStatus.Joining));

        driver.Start();

        Assert.Equal(
            [(RequestKind.Ping, 2), (RequestKind.Ping, 3), (RequestKind.PingOther, 2), (RequestKind.PingOther, 3)],
            driver.Asked.Where(request => request.Tag is PeerTag.ReachOut or PeerTag.ReachBack)
                .Select(request => (request.Kind, int.Parse(request.Address.Split('.', ':')[3], null))));
        Assert.IsType<MembershipReady>(driver.Published[0]);
    }

    [Theory]
    [InlineData(RequestKind.Ping, "Could not join within 30 s: cannot reach n3 at 127.0.0.3:9601 from here (dropped).")]
    [InlineData(RequestKind.PingOther, "Could not join within 30 s: n3 at 127.0.0.3:9601 cannot reach this node at 127.0.0.1:9601 (dropped).")]
    public void Reach_OneDirectionIsCut_GivesUpAfterThirtySecondsWithTheExactPair(RequestKind cut, string reason)
    {
        MembershipDriver driver = new(Address(2));
        driver.Members.Add(2, Row(2));
        driver.Members.Add(3, Row(3));
        driver.Peer = request => request.Address != Address(3) || request.Kind != cut ? Healthy(request)
            : cut == RequestKind.Ping ? Failed(request, PeerFailure.TimedOut, "dropped") : Answered(request, Peer(3), "dropped"u8.ToArray());
        driver.Start();

        for (int second = 0; second < 29; second++)
        {
            driver.Beat(2, 3);
            driver.Advance(1);
        }

        Assert.Empty(driver.Published);
        Assert.Equal(0, driver.Count(GiveUp));
        driver.Beat(2, 3);
        driver.Advance(1);
        MembershipRefused refused = Assert.IsType<MembershipRefused>(Assert.Single(driver.Published));
        Assert.Equal([reason], refused.Reasons);
        Assert.True(refused.MayRetry);
        Assert.Equal(1, driver.Count(GiveUp));
    }

    [Fact]
    public void Reach_MemberStandsStill_DoesNotHoldItUp()
    {
        MembershipDriver driver = new(Address(2));
        driver.Members.Add(2, Row(2));
        driver.Members.Add(3, Row(3)); // killed, not yet evicted
        driver.Peer = request => request.Address == Address(3) ? Failed(request, PeerFailure.NotListening, "refused") : Healthy(request);
        driver.Start();
        Assert.Empty(driver.Published);

        for (int second = 0; second < 5; second++)
        {
            driver.Beat(2);
            driver.Advance(1);
        }

        Assert.IsType<MembershipReady>(driver.Published[0]);
    }

    [Fact]
    public void Reach_StoreAwayForLong_DoesNotEndIt()
    {
        MembershipDriver driver = new(Address(2));
        driver.Members.Add(2, Row(2));
        driver.Members.Add(3, Row(3));
        bool isBack = false;
        driver.Peer = request => request.Address == Address(3) && !isBack ? Failed(request, PeerFailure.NotListening, "refused") : Healthy(request);
        driver.Start();
        driver.Store = call => new StoreUnavailableException();
        driver.Advance(60);
        Assert.Empty(driver.Published);

        isBack = true;
        driver.Store = driver.Answer;
        driver.Advance(2);

        Assert.IsType<MembershipReady>(driver.Published[0]);
    }

    [Fact]
    public void Activate_ReplacedMeanwhile_IsEvicted()
    {
        MembershipDriver driver = new();
        driver.Store = call => call.Operation == Activate ? false : driver.Answer(call);

        driver.Start();

        Assert.Equal([new MembershipEvicted(Me)], driver.Published);
    }
}
