using MonitorCluster.Cluster.Sharding;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Cluster.Membership;

/// <summary>Fulfils what operators want of the cluster: here where this node can, else by asking the node that can.</summary>
internal sealed class OperatorDesk(MembershipConfig config, MembershipOutbox outbox, ClusterMap map, NewsState news, long me)
{
    private const int WaitingMax = 256;

    private readonly List<Move> moves = [];
    private readonly Dictionary<long, Errand> errands = [];
    private readonly Dictionary<long, Reply> declared = [];
    private readonly Queue<Pin> pins = [];
    private long lastErrand;

    /// <summary>Moves that the controller has not begun yet.</summary>
    internal IReadOnlyList<WantedMove> Wanted => [.. moves.Where(move => !move.HasBegun).Select(move => new WantedMove(move.ShardId, move.To))];

    /// <summary>A wish of this node's own operator.</summary>
    internal void Take(object wish, IActorRef asker, bool isController)
    {
        Reply reply = new(asker, IsRemote: false);
        switch (wish)
        {
            case MoveShard move when isController:
                Begin(move.ShardId, move.Member, reply);
                break;
            case MoveShard move:
                SendToController(new OperateRequest(OperateWish.Move, move.ShardId, move.Member), reply);
                break;
            case PinShard pin when isController:
                Begin(new Pin(pin.ShardId, pin.IsPinned ? pin.By : null, reply));
                break;
            case PinShard pin:
                SendToController(new OperateRequest(pin.IsPinned ? OperateWish.Pin : OperateWish.Unpin, pin.ShardId, pin.By), reply);
                break;
            case AskToLeave leave when map.FindLiving(leave.Member) is null:
                Answer(reply, Unknown(leave.Member));
                break;
            case DeclareDead dead when map.FindLiving(dead.Member) is null:
                Answer(reply, Unknown(dead.Member));
                break;
            case DeclareDead dead:
                Declare(map.FindLiving(dead.Member)!, reply);
                break;
            case AskToLeave leave when map.FindLiving(leave.Member)!.Incarnation == me:
                Leave(config.Node.NodeName, reply);
                break;
            case AskToLeave leave:
                Send(new Errand(new OperateRequest(OperateWish.Leave, 0, string.Empty), new Queue<MemberRow>([map.FindLiving(leave.Member)!]), reply));
                break;
        }
    }

    /// <summary>A wish that another node hands on.</summary>
    internal void Take(IncomingRequest incoming, IActorRef asker, bool isController)
    {
        Reply reply = new(asker, IsRemote: true);
        switch (OperateRequest.Read(incoming.Body.Span))
        {
            case { Wish: OperateWish.Move or OperateWish.Pin or OperateWish.Unpin } when !isController:
                Answer(reply, new OperateReply(false, "not the controller", 0, IsNotController: true));
                break;
            case { Wish: OperateWish.Move } move:
                Begin(move.ShardId, move.Member, reply);
                break;
            case { Wish: OperateWish.Pin or OperateWish.Unpin } pin:
                Begin(new Pin(pin.ShardId, pin.Wish == OperateWish.Pin ? pin.Member : null, reply));
                break;
            case { Wish: OperateWish.Leave }:
                Leave(incoming.Peer.Name, reply);
                break;
            default:
                outbox.Answer(asker, new RequestRefused("this is no wish that membership knows"));
                break;
        }
    }

    internal void Answered(long errand, PeerIdentity peer, ReadOnlySpan<byte> body)
    {
        if (!errands.Remove(errand, out Errand? sent))
        {
            return;
        }

        OperateReply reply = OperateReply.Read(body) ?? new OperateReply(false, $"the answer of {peer.Name} cannot be read", 0);
        if (reply.IsNotController)
        {
            Send(sent);
        }
        else
        {
            Answer(sent.Reply, reply);
        }
    }

    internal void Unanswered(long errand, PeerFailure failure, string reason)
    {
        if (errands.Remove(errand, out Errand? sent))
        {
            if (failure == PeerFailure.NotListening)
            {
                Send(sent);
            }
            else
            {
                Answer(sent.Reply, new OperateReply(false, $"whether it was done is unknown: {reason}", 0));
            }
        }
    }

    /// <summary>The store has taken an operator's word that a member is dead.</summary>
    /// <param name="member">The member.</param>
    /// <param name="isDone">False when it was dead already; null when the word came so late that it was not taken.</param>
    internal void Declared(long member, bool? isDone) => EndDeclaration(member, isDone == true, isDone switch
    {
        true => $"{map.NameOf(member)} is declared dead",
        false => $"{map.NameOf(member)} was dead already",
        null => $"the store did not take it within {config.Timing.OperatorMove.TotalSeconds:0} s; nothing was done",
    });

    internal void DeclareFailed(long member) => EndDeclaration(member, isDone: false, "whether it was done is unknown: the store does not answer");

    /// <summary>The view was read: moves may have ended.</summary>
    internal void TakeView()
    {
        foreach (Move move in moves.ToList())
        {
            ShardOwner? shard = Find(move.ShardId);
            if (shard?.Owner == move.To)
            {
                End(move, true, $"shard {move.ShardId} is owned by {map.NameOf(move.To)}");
            }
            else if (shard?.Target == move.To)
            {
                move.HasBegun = true;
            }
            else if (move.HasBegun)
            {
                End(move, false, $"the move of shard {move.ShardId} was cancelled");
            }
            else if (Controller.WhyNot(map.Find(move.To), shard) is { } reason)
            {
                End(move, false, $"shard {move.ShardId} cannot be moved: {reason}");
            }
        }
    }

    /// <summary>Once a second: nobody waits for ever.</summary>
    internal void Tick(bool isController)
    {
        while (!isController && pins.TryDequeue(out Pin? pin))
        {
            Answer(pin.Reply, new OperateReply(false, "this node is not the controller any more; ask again", 0));
        }

        foreach (Move move in moves.ToList())
        {
            if (outbox.Now - move.Since >= config.Timing.OperatorMove)
            {
                End(move, false, $"shard {move.ShardId} was not moved within {config.Timing.OperatorMove.TotalSeconds:0} s");
            }
            else if (!isController && !move.HasBegun)
            {
                End(move, false, "this node is not the controller any more; ask again");
            }
        }
    }

    /// <summary>The pin that is to be written next; null when there is none.</summary>
    internal (int ShardId, string? By)? NextPin => pins.TryPeek(out Pin? pin) ? (pin.ShardId, pin.By) : null;

    /// <summary>A pin was written, or was not.</summary>
    /// <param name="changed">1 when it changed anything, 0 when it was so already; null when it is not known to be written.</param>
    internal void Pinned(int? changed)
    {
        if (pins.TryDequeue(out Pin? pin))
        {
            string done = pin.By is null ? "is let go" : "stays where it is";
            Answer(pin.Reply, changed switch
            {
                null => new OperateReply(false, "whether it was done is unknown; ask again", 0),
                0 => new OperateReply(true, $"nothing changes: shard {pin.ShardId} {done} already", 0),
                _ => new OperateReply(true, $"shard {pin.ShardId} {done}", 0),
            });
        }
    }

    private void Begin(Pin pin)
    {
        if (Find(pin.ShardId) is null)
        {
            Answer(pin.Reply, new OperateReply(false, $"there is no shard {pin.ShardId}", 0));
        }
        else if (pins.Count >= WaitingMax)
        {
            Answer(pin.Reply, new OperateReply(false, $"{WaitingMax} wishes wait already", 0));
        }
        else
        {
            pins.Enqueue(pin);
        }
    }

    private void SendToController(OperateRequest request, Reply reply)
    {
        List<MemberRow> members = [.. map.LivingBut(me).Where(member => member.Status is MemberStatus.Active or MemberStatus.Leaving)];
        Send(new Errand(request, new Queue<MemberRow>(members.OrderByDescending(member => member.Incarnation == news.Controller)), reply));
    }

    private static OperateReply Unknown(string member) => new(false, $"no living member is named '{member}' or has that address", 0);

    private void Begin(int shardId, string memberName, Reply reply)
    {
        MemberRow? to = map.FindLiving(memberName);
        string? reason = Controller.WhyNot(to, Find(shardId))
            ?? (moves.Exists(move => move.ShardId == shardId) ? "somebody moves it already" : null)
            ?? (moves.Count >= WaitingMax ? $"{WaitingMax} moves wait already" : null);
        if (reason is not null)
        {
            Answer(reply, new OperateReply(false, $"shard {shardId} cannot be moved to {memberName}: {reason}", 0));
        }
        else
        {
            moves.Add(new Move(shardId, to!.Incarnation, outbox.Now, reply));
        }
    }

    // The operator's word counts: no votes. The fence keeps the shards safe even when the member still runs.
    private void Declare(MemberRow member, Reply reply)
    {
        if (!declared.TryAdd(member.Incarnation, reply))
        {
            Answer(reply, new OperateReply(false, $"somebody declares {member.NodeName} dead already", 0));
            return;
        }

        (TimeProvider time, long asked, TimeSpan limit) = (config.Time, config.Time.GetTimestamp(), config.Timing.OperatorMove);
        (long dead, string reason) = (member.Incarnation, $"declared dead by an operator at {config.Node.NodeName}");

        // The operator was told by then that it failed, and may have mended the member: a word that comes late would end its life all the same.
        outbox.Run(MembershipOperation.DeclareDead, store => time.GetElapsedTime(asked) < limit ? (bool?)store.MarkDead(dead, reason) : null, dead);
    }

    private void EndDeclaration(long member, bool isDone, string text)
    {
        if (declared.Remove(member, out Reply? reply))
        {
            Answer(reply, new OperateReply(isDone, text, 0));
        }
    }

    private void Leave(string by, Reply reply)
    {
        outbox.Publish(new LeaveRequested(by));
        Answer(reply, new OperateReply(true, $"{config.Node.NodeName} leaves", 0));
    }

    private void Send(Errand errand)
    {
        if (errands.Count >= WaitingMax)
        {
            Answer(errand.Reply, new OperateReply(false, $"{WaitingMax} wishes wait already", 0));
        }
        else if (errand.Candidates.TryDequeue(out MemberRow? to))
        {
            errands[++lastErrand] = errand;
            outbox.Ask(
                new PeerTag.Operate(lastErrand), to.Address, RequestKind.Operate, errand.Request.ToBytes(), config.Timing.OperatorMove + config.Timing.News);
        }
        else
        {
            Answer(errand.Reply, new OperateReply(
                false, errand.Request.Wish != OperateWish.Leave ? "no member holds the controller's lease now; ask again" : "it does not answer", 0));
        }
    }

    private void End(Move move, bool isDone, string text)
    {
        moves.Remove(move);
        Answer(move.Reply, new OperateReply(isDone, text, (long)(outbox.Now - move.Since).TotalMilliseconds));
    }

    private void Answer(Reply to, OperateReply reply) => outbox.Answer(
        to.Asker, to.IsRemote ? new RequestReply(reply.ToBytes()) : new OperationResult(reply.IsDone, reply.Text, reply.ElapsedMs));

    private ShardOwner? Find(int shardId) => shardId >= 0 && shardId < map.Shards.Count ? map.Shards[shardId] : null;

    private sealed record Reply(IActorRef Asker, bool IsRemote);

    private sealed record Pin(int ShardId, string? By, Reply Reply);

    private sealed record Errand(OperateRequest Request, Queue<MemberRow> Candidates, Reply Reply);

    private sealed class Move(int shardId, long to, TimeSpan since, Reply reply)
    {
        internal int ShardId { get; } = shardId;

        internal long To { get; } = to;

        internal TimeSpan Since { get; } = since;

        internal Reply Reply { get; } = reply;

        internal bool HasBegun { get; set; }
    }
}
