using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Cluster.Membership;

/// <summary>Where the machines of membership put what they want done, and the time of the event that they handle.</summary>
internal sealed class MembershipOutbox
{
    private readonly HashSet<StoreCall> running = [];
    private List<MembershipEffect> effects = [];

    /// <summary>This node's own monotonic time.</summary>
    internal TimeSpan Now { get; private set; }

    internal void Begin(TimeSpan now) => Now = now > Now ? now : Now;

    internal IReadOnlyList<MembershipEffect> Take()
    {
        List<MembershipEffect> taken = effects;
        effects = [];
        return taken;
    }

    /// <summary>Runs a transaction unless it is under way: a slow database must not pile them up.</summary>
    /// <returns>False when it is under way.</returns>
    internal bool Run(MembershipOperation operation, Func<SqlStore, object?> run, long subject = 0)
    {
        StoreCall call = new(operation, subject);
        bool isNew = running.Add(call);
        if (isNew)
        {
            effects.Add(new MembershipEffect.RunStore(call, run));
        }

        return isNew;
    }

    internal bool IsRunning(MembershipOperation operation) => running.Contains(new StoreCall(operation));

    internal void Ended(StoreCall call) => running.Remove(call);

    internal void Ask(PeerTag tag, string address, RequestKind kind, ReadOnlyMemory<byte> body, TimeSpan timeout) =>
        effects.Add(new MembershipEffect.AskPeer(new PeerRequest(address, kind, body, timeout, tag)));

    internal void Tell(object peersMessage) => effects.Add(new MembershipEffect.TellPeers(peersMessage));

    internal void Answer(IActorRef asker, object message) => effects.Add(new MembershipEffect.Answer(asker, message));

    internal void SetTimer(MembershipTimer timer, TimeSpan delay) => effects.Add(new MembershipEffect.SetTimer(timer, delay));

    internal void CancelTimers() => effects.Add(new MembershipEffect.CancelTimers());

    internal void Publish(object message) => effects.Add(new MembershipEffect.Publish(message));

    internal void Inform(string text) => effects.Add(new MembershipEffect.Report(IsWarning: false, text));

    internal void Warn(string text) => effects.Add(new MembershipEffect.Report(IsWarning: true, text));
}
