using MonitorCluster.TimeSeries.Chunks;

namespace MonitorCluster.Tests.TimeSeries.Chunks;

public class Crc32CTests
{
    // The expected values are those of RFC 3720, appendix B.4, and the common check value of "123456789".
    [Fact]
    public void Of_KnownInputs_IsThePublishedChecksum()
    {
        Assert.Equal(0u, Crc32C.Of([]));
        Assert.Equal(0xE3069283u, Crc32C.Of("123456789"u8));
        Assert.Equal(0x8A9136AAu, Crc32C.Of(new byte[32]));
        Assert.Equal(0x46DD794Eu, Crc32C.Of([.. Enumerable.Range(0, 32).Select(i => (byte)i)]));
    }
}
