using System.Text;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Tests.Cluster.Membership;

/// <summary>What the machines of membership share, with a time that the test moves.</summary>
internal sealed class Machines
{
    internal static readonly Guid ClusterUuid = new(9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    internal static readonly StoreIdentity Identity = new(
        "default", ClusterUuid, 4, 1, "xxh64-v1", new Dictionary<string, string> { ["section_encoding"] = "v1" });

    internal TimeSpan Now { get; private set; }

    internal MembershipOutbox Outbox { get; } = new();

    internal ClusterMap Map { get; } = new();

    internal MembershipTiming Timing { get; } = new();

    internal static AdmitRequest NodeOf(int n, NodeRoles roles = NodeRoles.Aggregator | NodeRoles.Api) => new(
        $"n{n}", Address(n), "", roles, "b", 1, 1, 1, 1, new Guid(n, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), Alone: false, StoodStill: []);

    internal static string Address(long n) => $"127.0.0.{n}:9601";

    internal static MemberRow Row(long n, MemberStatus status = MemberStatus.Active, long heartbeat = 0, NodeRoles roles = NodeRoles.Aggregator) =>
        new(n, $"n{n}", Address(n), "", roles, "b", Guid.Empty, status, null, heartbeat, 1);

    internal static PeerIdentity Peer(long n, long? incarnation = null) =>
        new($"n{n}", incarnation ?? n, Address(n), NodeRoles.Aggregator, "b", ClusterUuid);

    internal static string Text(ReadOnlyMemory<byte> body) => Encoding.UTF8.GetString(body.Span);

    internal MembershipConfig Config(int node = 1, params string[] seeds) => new(Identity, NodeOf(node), seeds, Timing, new Random(1), TimeProvider.System);

    /// <summary>Moves the time, for what is called next.</summary>
    internal void Advance(double seconds) => AdvanceTo(Now + TimeSpan.FromSeconds(seconds));

    internal void AdvanceTo(TimeSpan time)
    {
        Now = time;
        Outbox.Begin(Now);
    }

    internal void See(long version, params MemberRow[] members) => Map.Take(new ClusterView(version, members, []));

    internal List<MembershipEffect> Effects() => [.. Outbox.Take()];

    internal static IReadOnlyList<PeerRequest> Asked(IEnumerable<MembershipEffect> effects) =>
        [.. effects.OfType<MembershipEffect.AskPeer>().Select(effect => effect.Request)];

    internal static IReadOnlyList<StoreCall> Calls(IEnumerable<MembershipEffect> effects) =>
        [.. effects.OfType<MembershipEffect.RunStore>().Select(effect => effect.Call)];

    internal static IReadOnlyList<object> Published(IEnumerable<MembershipEffect> effects) =>
        [.. effects.OfType<MembershipEffect.Publish>().Select(effect => effect.Message)];

    internal static IReadOnlyList<object> Answers(IEnumerable<MembershipEffect> effects) =>
        [.. effects.OfType<MembershipEffect.Answer>().Select(effect => effect.Message)];

    internal static IActorRef Asker => ActorRefs.Nobody;
}
