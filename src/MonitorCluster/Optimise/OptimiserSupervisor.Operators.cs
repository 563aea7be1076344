using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Optimise;

// What operators ask: answered here by the node that holds the lease, handed on by the others, from member to member until one does.
internal sealed partial class OptimiserSupervisor
{
    private const int ErrandsMax = 256;
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);

    private readonly Dictionary<long, Errand> errands = [];
    private long lastErrand;

    private void ReceiveOperators()
    {
        Receive<OptimiserRequest>(m =>
        {
            if (mind is not null)
            {
                Sender.Tell(Answer(m));
            }
            else
            {
                HandOn(new Errand(m, new Queue<MemberRow>(view.Members.Where(o => o.Incarnation != incarnation && o.Status == MemberStatus.Active)), Sender));
            }
        });
        Receive<IncomingRequest>(m => Sender.Tell(
            OptimiserRequest.Read(m.Body.Span) is { } request
                ? new RequestReply((mind is null ? new OptimiserReply(false, "not the controller", IsNotController: true) : Answer(request)).ToBytes())
                : new RequestRefused("this is no question to the optimiser")));
        Receive<PeerAnswer>(m =>
        {
            if (errands.Remove((long)m.Tag!, out Errand? sent))
            {
                OptimiserReply reply = OptimiserReply.Read(m.Body.Span) ?? new OptimiserReply(false, $"the answer of {m.Peer.Name} cannot be read");
                if (reply.IsNotController)
                {
                    HandOn(sent);
                }
                else
                {
                    sent.Asker.Tell(reply);
                }
            }
        });
        Receive<PeerFailed>(m =>
        {
            if (errands.Remove((long)m.Tag!, out Errand? sent))
            {
                HandOn(sent); // repeating is safe: a second plan beside one that runs is refused
            }
        });
    }

    private void HandOn(Errand errand)
    {
        if (!setup.Options.Enabled)
        {
            errand.Asker.Tell(new OptimiserReply(false, "Optimise:Enabled is off on this node"));
        }
        else if (errands.Count < ErrandsMax && errand.Left.TryDequeue(out MemberRow? next))
        {
            errands[++lastErrand] = errand;
            setup.Peers.Tell(new PeerRequest(next.Address, RequestKind.Optimise, errand.Request.ToBytes(), AnswerTimeout, lastErrand));
        }
        else
        {
            errand.Asker.Tell(new OptimiserReply(
                false, "no member watches the load now: after a start or a change of the controller that takes some seconds; ask again"));
        }
    }

    private OptimiserReply Answer(OptimiserRequest request) => request.Wish switch
    {
        OptimiserWish.Status => new OptimiserReply(true, string.Empty, Report(null)),
        OptimiserWish.Plan => mind!.Propose(Now) is { } proposal
            ? new OptimiserReply(true, proposal.Moves.Count > 0 ? "nothing was moved" : string.Empty, Report(proposal))
            : new OptimiserReply(false, mind.Why),
        OptimiserWish.Apply => Apply(request.By),
        OptimiserWish.Rollback => Rollback(request.By),
        OptimiserWish.Release => new OptimiserReply(true, mind!.Release()),
        _ => new OptimiserReply(false, "this node does not know that question"),
    };

    private OptimiserReport Report(Proposal? proposal) => mind!.Report(setup.NodeName, held!.Pause, running, proposal);

    private OptimiserReply Apply(string by)
    {
        if (optimiser is not null)
        {
            return new OptimiserReply(false, $"plan {running!.PlanId} runs: it ends first, or roll it back");
        }

        if (NotYet() is { } wait)
        {
            return wait;
        }

        if (held!.Pause.IsPaused)
        {
            return new OptimiserReply(false, $"{held.Pause.By} paused the optimiser; resume it first");
        }

        if (mind!.Apply(by, Now) is not { } plan)
        {
            return new OptimiserReply(false, mind.Why);
        }

        (Proposal? shown, int moves) = (mind.Proposed, plan.Moves.Count);
        Spawn(plan, NowMs);
        return new OptimiserReply(true, $"{moves} shards are being moved", Report(shown));
    }

    private OptimiserReply Rollback(string by)
    {
        string why = $"rolled back by {by}";
        if (optimiser is not null && running!.Kind == PlanKind.Undo)
        {
            return new OptimiserReply(false, $"plan {running.PlanId} undoes another one already: it ends first");
        }

        if (optimiser is not null)
        {
            optimiser.Tell(new UndoPlan(why));
            return new OptimiserReply(true, $"plan {running!.PlanId} is being undone");
        }

        if (NotYet() is { } wait)
        {
            return wait;
        }

        if (held!.Pause.IsPaused)
        {
            return new OptimiserReply(false, $"{held.Pause.By} paused the optimiser; resume it first");
        }

        foreach (PlanRow row in held.Ended)
        {
            if (row.Kind != PlanKind.Undo && OptimiserState.Undo(row, why, view.ShardOwners, mind!.Picture, times) is { } undo)
            {
                int moves = undo.Moves.Count;
                Spawn(undo, NowMs);
                return new OptimiserReply(true, $"{moves} moves of plan {row.PlanId} are being undone");
            }

            if (row.State is PlanState.Kept or PlanState.Neutral)
            {
                break; // the newest that did anything: what came before it is not undone over it
            }
        }

        return new OptimiserReply(false, "there is no plan whose moves could be undone");
    }

    // Between the end of an optimiser and the next look, and before a plan of another controller is taken over, nobody knows what stands.
    private OptimiserReply? NotYet() => isOld || held!.Open.Count > 0
        ? new OptimiserReply(false, "a plan has just ended or is being taken over: ask again in some seconds")
        : null;

    private sealed record Errand(OptimiserRequest Request, Queue<MemberRow> Left, IActorRef Asker);
}
