using System.Text;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;
using static MonitorCluster.Cluster.Membership.MembershipOperation;
using static MonitorCluster.Tests.Cluster.Membership.Machines;
using static MonitorCluster.Tests.Cluster.Membership.MembershipDriver;

namespace MonitorCluster.Tests.Cluster.Membership;

/// <summary>Operators' wishes, seen from outside of the whole machine.</summary>
public class OperatorDeskTests
{
    [Fact]
    public void MoveShard_OnTheController_IsAnsweredWhenTheShardHasItsNewOwner()
    {
        MembershipDriver driver = Running(2);
        driver.Store = call => call.Operation == Control ? Write(driver, 1, target: 2) : driver.Answer(call);

        driver.Wish(new MoveShard(1, "n2"));
        Assert.Equal(1, driver.Count(Control));
        driver.Advance(0.3);
        Assert.Empty(driver.Answers);
        driver.Shards[1] = driver.Shards[1] with { Owner = 2, Target = null, MoveId = null, Epoch = 2 };
        driver.Wish(new LookAgain(++driver.Version));

        OperationResult result = Assert.IsType<OperationResult>(Assert.Single(driver.Answers));
        Assert.Equal(new OperationResult(true, "shard 1 is owned by n2", 300), result);
    }

    [Fact]
    public void MoveShard_Cancelled_SaysSo()
    {
        MembershipDriver driver = Running(2);
        driver.Store = call => call.Operation == Control ? Write(driver, 1, target: 2) : driver.Answer(call);
        driver.Wish(new MoveShard(1, "n2"));
        driver.Wish(new LookAgain(long.MaxValue));

        driver.Shards[1] = driver.Shards[1] with { Target = null, MoveId = null };
        driver.Wish(new LookAgain(++driver.Version));

        Assert.Equal(new OperationResult(false, "the move of shard 1 was cancelled", 0), Assert.Single(driver.Answers));
    }

    [Fact]
    public void MoveShard_NeverDone_IsAnsweredAfterThirtyFiveSeconds()
    {
        MembershipDriver driver = Running(2);
        driver.Wish(new MoveShard(1, "n2"));

        driver.Advance(36);

        Assert.Equal("shard 1 was not moved within 35 s", Assert.IsType<OperationResult>(Assert.Single(driver.Answers)).Text);
    }

    [Theory]
    [InlineData(1, "n9", "there is no such member")]
    [InlineData(9, "n2", "there is no such shard")]
    [InlineData(1, "n1", "n1 owns it already")]
    public void MoveShard_Impossible_IsRefusedWithTheReason(int shard, string member, string reason)
    {
        MembershipDriver driver = Running(2);

        driver.Wish(new MoveShard(shard, member));

        Assert.Equal(new OperationResult(false, $"shard {shard} cannot be moved to {member}: {reason}", 0), Assert.Single(driver.Answers));
    }

    [Fact]
    public void MoveShard_NotTheController_AsksTheMemberThatToldOfItselfFirst()
    {
        MembershipDriver driver = Elsewhere();
        driver.Ask(RequestKind.News, Peer(2), (byte[])[.. BitConverter.GetBytes(0L), .. BitConverter.GetBytes(0L), .. BitConverter.GetBytes(3L)]);
        driver.Forget();
        driver.Peer = request => request.Kind != RequestKind.Operate ? Healthy(request)
            : Answered(request, Peer(3), new OperateReply(true, "shard 1 is owned by n2", 42).ToBytes());

        driver.Wish(new MoveShard(1, "n2"));

        Assert.Equal(Address(3), Assert.Single(driver.Asked, request => request.Kind == RequestKind.Operate).Address);
        Assert.Equal([new OperationResult(true, "shard 1 is owned by n2", 42)], driver.Answers);
    }

    [Fact]
    public void MoveShard_NobodyIsTheController_SaysSoAfterAskingAll()
    {
        MembershipDriver driver = Elsewhere();
        driver.Peer = request => request.Kind != RequestKind.Operate ? Healthy(request)
            : request.Address == Address(2) ? Answered(request, Peer(2), new OperateReply(false, "", 0, IsNotController: true).ToBytes())
            : Failed(request, PeerFailure.NotListening, "refused");

        driver.Wish(new MoveShard(1, "n2"));

        Assert.Equal([new OperationResult(false, "no member holds the controller's lease now; ask again", 0)], driver.Answers);
    }

    [Theory]
    [InlineData("garbage", "the answer of n2 cannot be read")]
    [InlineData(null, "whether it was done is unknown: no answer")]
    public void MoveShard_AnswerIsLostOrGarbage_DoesNotPretend(string? answer, string text)
    {
        MembershipDriver driver = Elsewhere();
        driver.Peer = request => request.Kind != RequestKind.Operate ? Healthy(request)
            : answer is null ? Failed(request, PeerFailure.TimedOut, "no answer") : Answered(request, Peer(2), Encoding.UTF8.GetBytes(answer));

        driver.Wish(new MoveShard(1, "n2"));

        Assert.Equal([new OperationResult(false, text, 0)], driver.Answers);
    }

    [Fact]
    public void Operate_MoveAskedOfAnother_IsAnsweredWithWhoIsNotTheController()
    {
        MembershipDriver driver = Elsewhere();

        driver.Ask(RequestKind.Operate, Peer(2), new OperateRequest(OperateWish.Move, 1, "n2").ToBytes());

        Assert.True(OperateReply.Read(Assert.IsType<RequestReply>(Assert.Single(driver.Answers)).Body.Span)!.IsNotController);
    }

    [Theory]
    [InlineData(true, true, "n2 is declared dead")]
    [InlineData(false, false, "n2 was dead already")]
    [InlineData(null, false, "the store did not take it within 35 s; nothing was done")]
    public void DeclareDead_TheStoreAnswers_SaysWhatBecameOfItAndLooks(bool? result, bool isDone, string text)
    {
        MembershipDriver driver = Running(2);
        driver.Store = call => call.Operation == MembershipOperation.DeclareDead ? result : driver.Answer(call);

        driver.Wish(new DeclareDead("n2"));

        Assert.Equal([new OperationResult(isDone, text, 0)], driver.Answers);
        Assert.Equal([new StoreCall(MembershipOperation.DeclareDead, 2), new StoreCall(ReadView)], driver.Calls.Select(call => call.Call).Take(2));
    }

    [Fact]
    public void DeclareDead_StoreAway_SaysThatItIsUnknown()
    {
        MembershipDriver driver = Running(2);
        driver.Store = call => new StoreUnavailableException();

        driver.Wish(new DeclareDead(Address(2)));

        Assert.Equal([new OperationResult(false, "whether it was done is unknown: the store does not answer", 0)], driver.Answers);
    }

    [Fact]
    public void DeclareDead_UnknownOrUnderWay_IsRefused()
    {
        MembershipDriver driver = Running(2);
        driver.Store = call => call.Operation == MembershipOperation.DeclareDead ? Pending : driver.Answer(call);

        driver.Wish(new DeclareDead("n9"));
        driver.Wish(new DeclareDead("n2"));
        driver.Wish(new DeclareDead("n2"));

        Assert.Equal(
            [
                new OperationResult(false, "no living member is named 'n9' or has that address", 0),
                new OperationResult(false, "somebody declares n2 dead already", 0),
            ],
            driver.Answers);
    }

    [Fact]
    public void Operate_Leave_IsPublishedAndAccepted()
    {
        MembershipDriver driver = Running(2);

        driver.Ask(RequestKind.Operate, Peer(2), new OperateRequest(OperateWish.Leave, 0, "").ToBytes());

        Assert.Equal([new LeaveRequested("n2")], driver.Published);
        Assert.True(OperateReply.Read(Assert.IsType<RequestReply>(Assert.Single(driver.Answers)).Body.Span)!.IsDone);
    }

    [Theory]
    [InlineData("n2")]
    [InlineData("127.0.0.2:9601")]
    public void AskToLeave_AnotherMember_IsAskedByNameOrAddress(string member)
    {
        MembershipDriver driver = Running(2, 3);
        driver.Peer = request => request.Kind != RequestKind.Operate ? Healthy(request)
            : Answered(request, Peer(2), new OperateReply(true, "n2 leaves", 0).ToBytes());

        driver.Wish(new AskToLeave(member));

        Assert.Equal([new OperationResult(true, "n2 leaves", 0)], driver.Answers);
        Assert.Equal(Address(2), Assert.Single(driver.Asked, request => request.Kind == RequestKind.Operate).Address);
    }

    [Theory]
    [InlineData("n1", true)]
    [InlineData("n7", false)]
    public void AskToLeave_ItselfOrNobody_IsAnsweredHere(string member, bool isDone)
    {
        MembershipDriver driver = Running(2);

        driver.Wish(new AskToLeave(member));

        Assert.Equal(isDone, Assert.IsType<OperationResult>(Assert.Single(driver.Answers)).IsDone);
        Assert.Equal(isDone ? 1 : 0, driver.Published.Count(message => message is LeaveRequested));
    }

    private static MembershipDriver Elsewhere()
    {
        MembershipDriver driver = new() { Peer = Healthy, Lease = null };
        driver.Members.Add(2, Row(2));
        driver.Members.Add(3, Row(3));
        driver.Start();
        driver.Forget();
        return driver;
    }

    /// <summary>As if the controller's transaction had begun the move, and its answer were still to come.</summary>
    private static object Write(MembershipDriver driver, int shard, long target)
    {
        driver.Shards[shard] = driver.Shards[shard] with { Target = target, MoveId = 1 };
        driver.Version++;
        return Pending;
    }
}
