using System.Text;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using static MonitorCluster.Tests.Cluster.Membership.Machines;

namespace MonitorCluster.Tests.Cluster.Membership;

public class JoinProtocolTests
{
    private static readonly JoinRequest s_request = JoinRequest.From(NodeOf(4) with { StoodStill = [new ObservedMember(3, 17)] }, Identity, ClusterUuid);

    [Fact]
    public void Request_RoundTrip_KeepsEverything()
    {
        AdmitRequest read = JoinRequest.Read(s_request.ToBytes().Span)!.ToAdmission();

        Assert.Equal(NodeOf(4) with { StoodStill = read.StoodStill }, read);
        Assert.Equal([new ObservedMember(3, 17)], read.StoodStill);
    }

    [Fact]
    public void Differences_SameSettings_AreNone() => Assert.Empty(s_request.Differences(NodeOf(1), Identity, ClusterUuid));

    [Fact]
    public void Differences_EverythingDiffers_ListsEveryKeyOursAndTheirs()
    {
        JoinRequest other = s_request with
        {
            ClusterUuid = Guid.Empty,
            MustMatch = new Dictionary<string, string> { ["shard_count"] = "8", ["metric_groups"] = "2", ["hash_id"] = "x", ["new_setting"] = "1" },
            ProtoMin = 2,
            ProtoMax = 3,
            Roles = NodeRoles.None,
            Address = "nowhere",
        };

        IReadOnlyList<string> reasons = JoinRequest.Read(other.ToBytes().Span)!.Differences(NodeOf(1), Identity, ClusterUuid);

        Assert.Equal(9, reasons.Count);
        Assert.Contains("Setting shard_count is '8' here, but '4' at the seed 'n1' at 127.0.0.1:9601.", reasons);
        Assert.Contains("Setting metric_groups is '2' here, but '1' at the seed 'n1' at 127.0.0.1:9601.", reasons);
        Assert.Contains("Setting hash_id is 'x' here, but 'xxh64-v1' at the seed 'n1' at 127.0.0.1:9601.", reasons);
        Assert.Contains("Setting new_setting is '1' here, but absent at the seed 'n1' at 127.0.0.1:9601.", reasons);
        Assert.Contains("Setting section_encoding is absent here, but 'v1' at the seed 'n1' at 127.0.0.1:9601.", reasons);
        Assert.Contains("This build speaks node protocol 2 to 3, but the seed 'n1' at 127.0.0.1:9601 speaks 1 to 1.", reasons);
        Assert.Contains(reasons, reason => reason.Contains($"{ClusterUuid}", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"NodeName\":\"n\"}")]
    [InlineData("{\"MustMatch\":{\"a\":null},\"NodeName\":\"n\",\"Address\":\"a\",\"Zone\":\"\",\"Build\":\"\",\"StoodStill\":[]}")]
    [InlineData("\u0000\u0001\u0002")]
    public void Read_WhatIsNoRequest_IsNull(string body)
    {
        Assert.Null(JoinRequest.Read(Encoding.UTF8.GetBytes(body)));
        Assert.Null(JoinReply.Read(Encoding.UTF8.GetBytes(body)));
    }

    [Fact]
    public void Read_TooLong_IsNullBeforeItIsParsed()
    {
        byte[] body = Encoding.UTF8.GetBytes("{\"InTheWay\":[],\"Reasons\":[],\"Outcome\":4" + new string(' ', JoinRequest.BodyBytesMax) + "}");

        Assert.Null(JoinReply.Read(body));
        Assert.Null(JoinRequest.Read(body));
    }

    [Fact]
    public void Reply_RoundTrip_KeepsWhoIsInTheWay()
    {
        JoinReply reply = JoinReply.Read(JoinReply.From(new AdmitResult(0, [Row(3, heartbeat: 5)])).ToBytes().Span)!;

        Assert.Equal(JoinOutcome.InTheWay, reply.Outcome);
        Assert.Equal([new JoinObstacle(3, "n3", Address(3), 5)], reply.InTheWay);
    }
}
