using MonitorCluster.Cluster.Transport;
using static MonitorCluster.Cluster.Membership.MembershipEvent;

namespace MonitorCluster.Cluster.Membership;

/// <content>What other nodes answer and ask, and what this node's own parts want.</content>
internal sealed partial class MembershipState
{
    private void TakeAnswer(Answered answered)
    {
        switch (answered.Tag)
        {
            case PeerTag.Probe probe:
                liveness!.Answered(probe.Target, answered.Peer);
                break;
            case PeerTag.Witness witness:
                liveness!.WitnessAnswered(witness.Target, witness.Third, PingOtherBody.ReadAnswer(answered.Body.Span));
                break;
            case PeerTag.PingFor ping:
                pingDesk.Answered(ping.Request, answered.Peer);
                break;
            case PeerTag.News told:
                news.Answered(told.Member);
                break;
            case PeerTag.Operate errand:
                operators!.Answered(errand.Request, answered.Peer, answered.Body.Span);
                break;
            default:
                if (!IsActive && !IsLeaving)
                {
                    joining.Answered(answered.Tag, answered.Peer, answered.Body.Span);
                }

                break;
        }
    }

    private void TakeSilence(Unanswered silent)
    {
        switch (silent.Tag)
        {
            case PeerTag.Probe probe:
                liveness!.Unanswered(probe.Target, silent.Failure, silent.Reason);
                break;
            case PeerTag.Witness witness when silent.Failure is PeerFailure.Busy or PeerFailure.Refused:
                liveness!.WitnessKnowsNothing(witness.Target);
                break;
            case PeerTag.Witness witness:
                liveness!.WitnessAnswered(witness.Target, witness.Third, silent.Reason.Length > 0 ? silent.Reason : "no answer");
                break;
            case PeerTag.PingFor ping:
                pingDesk.Unanswered(ping.Request, silent.Failure, silent.Reason);
                break;
            case PeerTag.News told:
                news.Unanswered(told.Member);
                break;
            case PeerTag.Operate errand:
                operators!.Unanswered(errand.Request, silent.Failure, silent.Reason);
                break;
            default:
                if (!IsActive && !IsLeaving)
                {
                    joining.Unanswered(silent.Tag, silent.Failure, silent.Reason);
                }

                break;
        }
    }

    private void TakeRequest(IncomingRequest request, IActorRef asker)
    {
        liveness?.Heard(request.Peer.Address);
        switch (request.Kind)
        {
            case RequestKind.Join:
                joinDesk.Take(request, asker, IsActive && !IsLeaving, joining.ClusterUuid);
                break;
            case RequestKind.PingOther:
                pingDesk.Take(request, asker);
                break;
            case RequestKind.News when news.TryRead(request.Body.Span, out long version, out long alerts):
                outbox.Answer(asker, new RequestReply(default));
                AskForAlerts(alerts);
                LookAgain(version);
                break;
            case RequestKind.Operate when operators is not null:
                operators.Take(request, asker, IsController);
                Control();
                break;
            default:
                outbox.Answer(asker, new RequestRefused($"this node does not take {request.Kind} now"));
                break;
        }
    }

    private void TakeWish(object wish, IActorRef asker)
    {
        switch (wish)
        {
            case LookAgain look:
                LookAgain(look.Version);
                break;
            case ShardsHandedOver when IsActive:
                LookAndTell();
                break;
            case TellNews tell when IsActive:
                SeeAlerts(tell.AlertSequence);
                news.Tell(me, IsController, tell.AlertSequence);
                break;
            case LeaveCluster or LeaveNow:
                BeginToLeave(wish, asker);
                break;
            case CarryOut plan:
                role?.Take(plan);
                Control();
                break;
            case MoveShard or PinShard or AskToLeave or DeclareDead when operators is not null:
                operators.Take(wish, asker, IsController);
                Control();
                break;
            case MoveShard or PinShard or AskToLeave or DeclareDead:
                outbox.Answer(asker, new OperationResult(false, "this node is no member yet", 0));
                break;
        }
    }

    private void BeginToLeave(object wish, IActorRef asker)
    {
        if (joining.Incarnation == 0)
        {
            End(new MembershipLeft(IsRecorded: false));
            TakeLate(new Wished(wish, asker));
            return;
        }

        leaving ??= new LeavingState(config, outbox, map, joining.Incarnation);
        if (wish is LeaveNow)
        {
            leaving.Leave(asker);
        }
        else
        {
            leaving.Drain(asker);
        }
    }

    /// <summary>After the end only those who ask are answered.</summary>
    private void TakeLate(MembershipEvent happened)
    {
        switch (happened)
        {
            case Wished { Wish: LeaveCluster } wished:
                outbox.Answer(wished.Asker, new ShardsDrained(IsEmpty: false));
                break;
            case Wished { Wish: LeaveNow } wished:
                outbox.Answer(wished.Asker, leaving?.Left ?? new MembershipLeft(IsRecorded: false));
                break;
            case Wished { Wish: MoveShard or PinShard or AskToLeave or DeclareDead } wished:
                outbox.Answer(wished.Asker, new OperationResult(false, "this node is no member any more", 0));
                break;
            case Asked { Request.Kind: RequestKind.Join } asked:
                outbox.Answer(asked.Asker, new RequestReply(JoinReply.Of(JoinOutcome.NotMember).ToBytes()));
                break;
            case Asked asked:
                outbox.Answer(asked.Asker, new RequestRefused("this node is no member any more"));
                break;
        }
    }
}
