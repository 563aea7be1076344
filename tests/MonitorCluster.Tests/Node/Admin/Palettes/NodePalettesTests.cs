using System.Text.Json;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Node.Admin;
using MonitorCluster.Node.Admin.Palettes;

namespace MonitorCluster.Tests.Node.Admin.Palettes;

/// <summary>The palettes that look at the node itself.</summary>
public sealed class NodePalettesTests : IDisposable
{
    private readonly VirtualNode node = new();

    public void Dispose() => node.Dispose();

    [Fact]
    public void ClusterShow_NodeAlone_IsOneLineAndTheCount() => Assert.Equal(
        [
            """{"columns":["address","roles","status","reachability","version"]}""",
            """{"row":["10.0.0.1:9601",["aggregator","collector","api"],"up","","0.1.0"]}""",
            """{"text":"Count: 1 nodes"}""",
            """{"exit":0}""",
        ],
        node.Ask(new ClusterPalette(node.Runtime), "cluster show"));

    [Fact]
    public void ClusterShow_DeadAndLeavingMembers_ShowsTheLivingOnes()
    {
        MemberRow self = node.Runtime.View.Members.Single();
        MemberRow[] members =
        [
            self with { Incarnation = 1, Address = "a:1", Status = MemberStatus.Dead },
            self with { Incarnation = 2, Address = "b:1", Status = MemberStatus.Leaving },
            self with { Incarnation = 3, Address = "c:1", Roles = NodeRoles.Api },
            self with { Incarnation = 4, Address = "d:1", Status = MemberStatus.Joining, Roles = NodeRoles.None },
        ];
        node.Runtime.View = new ClusterViewChanged(node.Runtime.View.Version + 1, members, []);

        string[] lines = node.Ask(new ClusterPalette(node.Runtime), "cluster show");

        Assert.Equal("""{"row":["b:1",["aggregator","collector","api"],"leaving","","0.1.0"]}""", lines[1]);
        Assert.Equal("""{"row":["c:1",["api"],"up","","0.1.0"]}""", lines[2]);
        Assert.Equal("""{"row":["d:1",[],"joining","","0.1.0"]}""", lines[3]);
        Assert.Equal("""{"text":"Count: 3 nodes"}""", lines[4]);
        Assert.Equal("""{"row":["c:1"]}""", node.Ask(new ClusterPalette(node.Runtime), "cluster leader")[1]);
    }

    [Fact]
    public void ClusterStatus_NotAMemberYet_Fails()
    {
        node.Runtime.View = new ClusterViewChanged(node.Runtime.View.Version + 1, [], []);

        Assert.Equal(["""{"exit":1,"error":"node n1 is not a member yet"}"""], node.Ask(new ClusterPalette(node.Runtime), "cluster status"));
        Assert.Equal(["""{"exit":1,"error":"no member is active"}"""], node.Ask(new ClusterPalette(node.Runtime), "cluster leader"));
    }

    [Fact]
    public void RegionStats_NodeAlone_CountsItsShards()
    {
        string[] lines = node.Ask(new ShardingPalette(node.Runtime), "cluster-sharding region-stats -r metrics");

        using JsonDocument row = JsonDocument.Parse(lines[1]);
        JsonElement cells = row.RootElement.GetProperty("row");
        Assert.Equal("10.0.0.1:9601", cells[0].GetString());
        Assert.Equal("[coordinator]", cells[5].GetString());
        Assert.Equal(1_024, cells[6].GetInt32());
        Assert.Equal(JsonValueKind.Number, cells[7].ValueKind);
        Assert.Equal("""{"exit":0}""", lines[^1]);
    }

    [Fact]
    public void RegionStats_UnknownRegion_Fails() => Assert.Equal(
        ["""{"exit":1,"error":"no region is called \"orders\"; there is metrics"}"""],
        node.Ask(new ShardingPalette(node.Runtime), "cluster-sharding region-stats -r orders"));

    [Fact]
    public void ListRegions_Node_SaysWhatItOwns() => Assert.Equal(
        $$"""{"row":["metrics",1024,{{node.Runtime.Shards.All.Count(s => s.Ref is not null)}},0]}""",
        node.Ask(new ShardingPalette(node.Runtime), "cluster-sharding list-regions")[1]);

    [Fact]
    public void CollectorList_Node_ShowsItsSources()
    {
        string[] lines = node.Ask(new CollectorPalette(node.Runtime), "collector list");

        Assert.Contains(lines, l => l.StartsWith("""{"row":["monitorcluster",""", StringComparison.Ordinal));
        Assert.Equal("""{"exit":0}""", lines[^1]);
    }

    [Fact]
    public void SystemInfo_Node_NamesItselfAndIsReady()
    {
        string[] lines = node.Ask(new SystemPalette(node.Runtime), "system info");

        Assert.Contains("""{"row":["node","n1"]}""", lines);
        Assert.Contains("""{"row":["ready",true]}""", lines);
        Assert.Contains($$"""{"row":["process_id",{{Environment.ProcessId}}]}""", lines);
    }

    [Fact]
    public void SystemGc_Collect_CountsOneMore()
    {
        int before = GC.CollectionCount(2);

        string[] lines = node.Ask(new SystemPalette(node.Runtime), "system gc -c");

        string row = Assert.Single(lines, l => l.Contains("collections_generation_2", StringComparison.Ordinal));
        using JsonDocument json = JsonDocument.Parse(row);
        Assert.True(json.RootElement.GetProperty("row")[1].GetInt32() > before);
    }

    [Fact]
    public void Palettes_EveryCommand_HasAHandlerAndLeavesTheClientsOptionsAlone()
    {
        string[] reserved = ["-o", "--output", "--timeout", "--token", "-h", "--help", "--"];
        IReadOnlyList<CommandPaletteHandler> handlers = CmdHost.HandlersOf(node.Runtime);

        Assert.Equal(
            ["actor", "alerts", "anomalies", "cluster", "cluster-sharding", "collector", "incidents", "metrics", "optimiser", "system"],
            handlers.Select(h => h.Palette.ModuleName).Order(StringComparer.Ordinal));
        foreach (CommandPaletteHandler handler in handlers)
        {
            foreach (CommandDefinition command in handler.Palette.Commands)
            {
                Assert.NotNull(handler.ProcessOf(command));
                Assert.Empty(command.Switches.Intersect(reserved));
            }
        }
    }
}
