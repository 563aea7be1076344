using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Cluster.Storage;

public class AlertBodyTests
{
    [Theory]
    [InlineData("""{"seq":null,"id":"1-1"}""", """{"seq":7,"id":"1-1"}""")]
    [InlineData("""{"id":"1-1"}""", """{"seq":7,"id":"1-1"}""")]
    [InlineData("{}", """{"seq":7}""")]
    public void WithSequence_Body_HasTheNumberOnce(string body, string expected) => Assert.Equal(expected, AlertBody.WithSequence(body, 7));

    [Fact]
    public void WithSequence_NoObject_Throws() => Assert.Throws<ArgumentException>(() => AlertBody.WithSequence("[1]", 7));
}
