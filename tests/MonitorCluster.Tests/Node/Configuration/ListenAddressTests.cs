using System.Net;
using MonitorCluster.Node.Configuration;

namespace MonitorCluster.Tests.Node.Configuration;

public class ListenAddressTests
{
    [Theory]
    [InlineData("http://127.0.0.1:9600", "127.0.0.1", 9600, true)]
    [InlineData("http://127.1:9600/", "127.0.0.1", 9600, true)]
    [InlineData("http://[::1]:0", "::1", 0, true)]
    [InlineData("http://0.0.0.0:9600", "0.0.0.0", 9600, false)]
    [InlineData("http://*:9600", "::", 9600, false)]
    [InlineData("https://10.1.2.3", "10.1.2.3", 443, false)]
    public void TryParse_IpAddress_IsWhatIsListenedOn(string text, string ip, int port, bool isLoopback)
    {
        Assert.True(ListenAddress.TryParse(text, out ListenAddress address, out _));

        Assert.Equal(IPAddress.Parse(ip), address.Address);
        Assert.Equal(port, address.Port);
        Assert.Equal(isLoopback, address.IsLoopback);
        Assert.Equal(text.StartsWith("https", StringComparison.Ordinal), address.IsHttps);
    }

    [Fact]
    public void TryParse_Localhost_HasNoAddressOfItsOwn()
    {
        Assert.True(ListenAddress.TryParse("http://LocalHost:9600", out ListenAddress address, out _));

        Assert.Null(address.Address);
        Assert.True(address.IsLoopback);
        Assert.Equal("localhost", address.Host);
    }

    [Theory]
    [InlineData("http://127.0.0.1:19700?x")]
    [InlineData("http://127.0.0.1:19700#x")]
    [InlineData("http://127.0.0.1:19700/?")]
    [InlineData("http://u@127.0.0.1:19701")]
    [InlineData("http://@127.0.0.1:19701")]
    [InlineData("http:\\\\127.0.0.1:19701")]
    [InlineData("http://127.0.0.1:1/path")]
    [InlineData("http://127.0.0.1:65536")]
    [InlineData("http://+:80")]
    [InlineData("127.0.0.1:80")]
    [InlineData("http://unix:/run/node.sock")]
    [InlineData("")]
    public void TryParse_MoreOrLessThanAnAddress_IsRefused(string text)
    {
        Assert.False(ListenAddress.TryParse(text, out _, out string reason));

        Assert.StartsWith("must be http://ADDRESS:PORT", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://node.example:9600")]
    [InlineData("http://localhost.:9600")]
    [InlineData("http://127.0.0.1.nip.io:9600")]
    public void TryParse_Name_IsRefusedAndSaysWhatToWrite(string text)
    {
        Assert.False(ListenAddress.TryParse(text, out _, out string reason));

        Assert.StartsWith("names the host ", reason, StringComparison.Ordinal);
    }
}
