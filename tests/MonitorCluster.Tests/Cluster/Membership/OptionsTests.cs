using Microsoft.Extensions.Options;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Cluster.Membership;

public class OptionsTests
{
    [Fact]
    public void Validate_Defaults_AreValid()
    {
        Assert.Empty(Reasons(new ClusterOptionsValidator(), new ClusterOptions()));
        Assert.Empty(Reasons(new NodeOptionsValidator(), new NodeOptions()));
        Assert.Empty(Reasons(new StoreOptionsValidator(), new StoreOptions()));
    }

    [Fact]
    public void Validate_WrongCluster_ListsEveryReason()
    {
        ClusterOptions options = new() { Id = "a b", ShardCount = 0, MetricGroups = 65_537 };

        string reasons = string.Join('\n', Reasons(new ClusterOptionsValidator(), options));

        Assert.Contains("Cluster:Id must be", reasons);
        Assert.Contains("ShardCount", reasons);
        Assert.Contains("MetricGroups", reasons);
    }

    [Fact]
    public void Validate_WrongRelations_ListsEveryReason()
    {
        ClusterOptions cluster = new() { Seeds = "good:9601, bad, :1, [::1]:9601, ::1:9601, h:65536", JoinToken = "x", JoinTokenFile = "y" };
        NodeOptions node = new() { Name = "a\nb", Roles = "api, cook", Bind = "nowhere", Advertise = "x:y", CpuMilli = 9 };

        string clusterReasons = string.Join('\n', Reasons(new ClusterOptionsValidator(), cluster));
        string nodeReasons = string.Join('\n', Reasons(new NodeOptionsValidator(), node));

        Assert.Contains("both set", clusterReasons);
        Assert.Contains("'bad'", clusterReasons);
        Assert.Contains("':1'", clusterReasons);
        Assert.Contains("'::1:9601'", clusterReasons);
        Assert.Contains("'h:65536'", clusterReasons);
        Assert.DoesNotContain("'good:9601'", clusterReasons);
        Assert.DoesNotContain("'[::1]:9601'", clusterReasons);
        Assert.Contains("control characters", nodeReasons);
        Assert.Contains("Node:CpuMilli (9) must be 0, or 10 to 1000000", nodeReasons);
        Assert.Contains("'cook'", nodeReasons);
        Assert.Contains("'nowhere'", nodeReasons);
        Assert.Contains("'x:y'", nodeReasons);
    }

    [Fact]
    public void RoleFlags_Names_AreAdded()
    {
        Assert.Equal(NodeRoles.Aggregator | NodeRoles.Api, new NodeOptions { Roles = "api , aggregator" }.RoleFlags);
        Assert.NotEmpty(Reasons(new NodeOptionsValidator(), new NodeOptions { Roles = " , " }));
    }

    [Fact]
    public void Store_UnknownProviderOrKeywords_Refused()
    {
        Assert.NotEmpty(Reasons(new StoreOptionsValidator(), new StoreOptions { Provider = "oracle" }));
        Assert.NotEmpty(Reasons(new StoreOptionsValidator(), new StoreOptions { ConnectionString = "Data Source=x" }));
        Assert.Equal("/data/monitorcluster.db", new StoreOptions().SqlitePath("/data"));
        Assert.Equal("/x/y.db", new StoreOptions { ConnectionString = "/x/y.db" }.SqlitePath("/data"));
    }

    private static IEnumerable<string> Reasons<T>(IValidateOptions<T> validator, T options)
        where T : class => validator.Validate(null, options).Failures ?? [];
}
