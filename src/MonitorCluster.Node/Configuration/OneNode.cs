using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Node.Configuration;

/// <summary>Refuses options that are meant for several nodes: an option without effect would be believed.</summary>
internal static class OneNode
{
    private const NodeRoles AllRoles = NodeRoles.Collector | NodeRoles.Aggregator | NodeRoles.Api;

    public static void Check(NodeSettings settings, OptionsReader reader)
    {
        (NodeOptions node, ClusterOptions cluster) = (settings.Node, settings.Cluster);
        Refuse("Node:Roles", node.Roles, node.RoleFlags != AllRoles);
        Refuse("Node:Bind", node.Bind, node.Bind != new NodeOptions().Bind);
        Refuse("Cluster:Seeds", cluster.Seeds, cluster.Seeds.Length > 0);

        // The secret itself stays out of the terminal.
        Refuse("Cluster:JoinToken", "...", cluster.JoinToken.Length > 0);
        Refuse("Cluster:JoinTokenFile", cluster.JoinTokenFile, cluster.JoinTokenFile.Length > 0);

        void Refuse(string option, string value, bool isSet)
        {
            // What is wrong in itself has its reason already.
            if (isSet && !reader.Errors.Any(e => e.StartsWith(option + " ", StringComparison.Ordinal)))
            {
                reader.Refuse($"{option} ({value}) has no effect in this version: one node per store");
            }
        }
    }
}
