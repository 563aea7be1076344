using System.Text;
using Microsoft.Extensions.Configuration;
using MonitorCluster.Node;

namespace MonitorCluster.Tests.Node.Configuration;

public class NodeSettingsTests
{
    [Fact]
    public void Read_NothingGiven_IsGood()
    {
        NodeSettings settings = Read([], out IReadOnlyList<string> errors);

        Assert.Empty(errors);
        Assert.Equal(TimeSpan.FromSeconds(10), settings.Detect.Step);
    }

    [Fact]
    public void Read_SeveralFaults_NamesEachOnce()
    {
        Read(
            new()
            {
                ["Node:Name"] = "",
                ["Node:Bind"] = "nowhere",
                ["Cluster:Id"] = "a b",
                ["Cluster:Seeds"] = "bad",
                ["Store:Provider"] = "oracle",
                ["Collect:Interval"] = "500ms",
                ["Collect:BackoffMax"] = "2d",
                ["Collect:Disabled"] = "nosuch",
                ["Wal:MaxBytes"] = "1048576",
                ["Detect:WarningsPerSeriesDay"] = "9",
                ["Http:Urls"] = "http://0.0.0.0:9600",
                ["Cmd:Prot"] = "1",
                ["Alerts:SubscribersMax"] = "1",
            },
            out IReadOnlyList<string> errors);

        Assert.All(
            [
                "Node:Name (", "Node:Bind is 'nowhere'", "Cluster:Id (", "Cluster:Seeds names 'bad'", "Store:Provider (", "Collect:SourceTimeout (",
                "Collect:BackoffMax (", "Collect:Disabled names", "Wal:MaxBytes (", "Detect:WarningsPerSeriesDay (", "has no TLS", "has no token",
                "Cmd:Prot is not an option", "Alerts is not a section",
            ],
            (string reason) => Assert.Single(errors, e => e.Contains(reason, StringComparison.Ordinal)));
        Assert.Equal(14, errors.Count);
    }

    [Theory]
    [InlineData("30", "has no unit")]
    [InlineData("soon", "is no duration")]
    [InlineData("2d", "must be 1s to 1h")]
    public void Read_WrongDuration_SaysWhy(string text, string reason)
    {
        Read(new() { ["Collect:BackoffMax"] = text }, out IReadOnlyList<string> errors);

        string error = Assert.Single(errors);
        Assert.StartsWith("Collect:BackoffMax", error, StringComparison.Ordinal);
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_JoinTokenFile_GivesItsTextWithoutTheLineEnd()
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, "secret\n");

        NodeSettings settings = Read(new() { ["Cluster:JoinTokenFile"] = file }, out IReadOnlyList<string> errors);

        Assert.Empty(errors);
        Assert.Equal("secret", settings.JoinToken);
        File.Delete(file);
    }

    [Theory]
    [InlineData("Cluster:JoinTokenFile", "/no/such/token", "cannot be read")]
    [InlineData("Node:Roles", "collector", "set Cluster:Seeds")]
    public void Read_WhatAClusterNeedsAndIsNotThere_IsRefused(string option, string value, string reason)
    {
        Read(new() { [option] = value }, out IReadOnlyList<string> errors);

        string error = Assert.Single(errors);
        Assert.StartsWith($"{option} ({value}) ", error, StringComparison.Ordinal);
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_DefaultsOfSeveralNodesWritten_IsGood()
    {
        Read(new() { ["Node:Roles"] = "api, collector, aggregator", ["Node:Bind"] = "127.0.0.1:0", ["Cluster:Seeds"] = "" }, out IReadOnlyList<string> errors);

        Assert.Empty(errors);
    }

    [Theory]
    [InlineData("""{"Http":{"Token":["secret"]}}""", "Http:Token: write one value")]
    [InlineData("""{"Http":{"Token":{"Value":"secret"}}}""", "Http:Token: write one value")]
    [InlineData("""{"Http":{"Token":null}}""", "Http:Token: write one value")]
    [InlineData("""{"Http":{"Urls":{"First":"http://127.0.0.1:1"}}}""", "Http:Urls: write a list of texts")]
    [InlineData("""{"Http":{"Urls":[["http://127.0.0.1:1"]]}}""", "Http:Urls: write a list of texts")]
    [InlineData("""{"Http":"http://127.0.0.1:1"}""", "Http is a section, not the value")]
    public void Read_OtherShapeThanTheOption_IsRefused(string json, string reason)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json));
        NodeSettings.Read(new ConfigurationBuilder().AddJsonStream(stream).Build(), out IReadOnlyList<string> errors);

        Assert.StartsWith(reason, Assert.Single(errors), StringComparison.Ordinal);
    }

    private static NodeSettings Read(Dictionary<string, string?> values, out IReadOnlyList<string> errors) =>
        NodeSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(values).Build(), out errors);
}
