using MonitorCluster.Pbm;

namespace MonitorCluster.Tests.Pbm;

public sealed class HostAddressTests
{
    [Theory]
    [InlineData("127.0.0.1:9110", "http://127.0.0.1:9110/")]
    [InlineData("node-1.example:80", "http://node-1.example/")]
    [InlineData("[::1]:9110", "http://[::1]:9110/")]
    public void TryParse_Address_GivesItsUrl(string word, string url)
    {
        Assert.True(HostAddress.LooksLikeOne(word));
        Assert.True(HostAddress.TryParse(word, out HostAddress address));

        Assert.Equal(url, address.Url.ToString());
        Assert.Equal(word, address.ToString());
    }

    [Theory]
    [InlineData("cluster")]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("http://127.0.0.1:9110")]
    [InlineData("a:b")]
    [InlineData(":9110")]
    public void LooksLikeOne_OtherWord_BeginsACommand(string word) => Assert.False(HostAddress.LooksLikeOne(word));

    [Theory]
    [InlineData("a:0")]
    [InlineData("a:65536")]
    [InlineData("a:99999999999")]
    [InlineData("[1.2.3.4.5]:80")]
    public void TryParse_PortOrHostImpossible_IsRefused(string word) => Assert.False(HostAddress.TryParse(word, out _));

    [Theory]
    [InlineData("500ms", 0.5)]
    [InlineData("10s", 10)]
    [InlineData("1.5m", 90)]
    [InlineData("2h", 7200)]
    public void TryParseDuration_WithUnit_IsRead(string text, double seconds)
    {
        Assert.True(ClientCommand.TryParseDuration(text, out TimeSpan duration));

        Assert.Equal(seconds, duration.TotalSeconds);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("0s")]
    [InlineData("-1s")]
    [InlineData("25h")]
    [InlineData("s")]
    [InlineData("5sm")]
    public void TryParseDuration_Other_IsRefused(string text) => Assert.False(ClientCommand.TryParseDuration(text, out _));
}
