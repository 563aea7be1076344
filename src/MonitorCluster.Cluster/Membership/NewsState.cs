using System.Buffers.Binary;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Cluster.Membership;

/// <summary>Tells the other members what is new in the store. Nothing depends on it: their poll finds the same within a second.</summary>
/// <remarks>One request per member is under way; what is new meanwhile travels in the next one.</remarks>
internal sealed class NewsState(MembershipConfig config, MembershipOutbox outbox, ClusterMap map)
{
    private readonly Dictionary<long, (long Version, long Alerts)> underWay = [];
    private long version;
    private long alerts;

    /// <summary>The member that holds the controller's lease, as far as this node has heard; 0 when it has not.</summary>
    internal long Controller { get; private set; }

    internal void Tell(long me, bool isController, long alertSequence = 0)
    {
        (version, alerts) = (map.Version, Math.Max(alerts, alertSequence));
        Controller = isController ? me : Controller == me ? 0 : Controller;
        foreach (MemberRow member in map.LivingBut(me).Where(member => member.Status is MemberStatus.Active or MemberStatus.Leaving))
        {
            if (underWay.TryAdd(member.Incarnation, (version, alerts)))
            {
                Send(member);
            }
        }
    }

    internal void Answered(long member)
    {
        if (underWay.Remove(member, out (long Version, long Alerts) told) && told != (version, alerts)
            && map.Find(member) is { Status: not MemberStatus.Dead } row)
        {
            underWay[member] = (version, alerts);
            Send(row);
        }
    }

    internal void Unanswered(long member) => underWay.Remove(member);

    /// <summary>Reads what another node tells.</summary>
    /// <returns>False when it cannot be read.</returns>
    internal bool TryRead(ReadOnlySpan<byte> body, out long newVersion, out long alertSequence)
    {
        (newVersion, alertSequence) = (0, 0);
        if (body.Length != 3 * sizeof(long))
        {
            return false;
        }

        newVersion = BinaryPrimitives.ReadInt64LittleEndian(body);
        alertSequence = BinaryPrimitives.ReadInt64LittleEndian(body[sizeof(long)..]);
        long controller = BinaryPrimitives.ReadInt64LittleEndian(body[(2 * sizeof(long))..]);
        Controller = controller > 0 ? controller : Controller;
        return true;
    }

    private void Send(MemberRow member)
    {
        byte[] body = new byte[3 * sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(body, version);
        BinaryPrimitives.WriteInt64LittleEndian(body.AsSpan(sizeof(long)), alerts);
        BinaryPrimitives.WriteInt64LittleEndian(body.AsSpan(2 * sizeof(long)), Controller);
        outbox.Ask(new PeerTag.News(member.Incarnation), member.Address, RequestKind.News, body, config.Timing.News);
    }
}
