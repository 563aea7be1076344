using System.Globalization;
using System.Text;
using MonitorCluster.Cluster.Sharding;

namespace MonitorCluster.Tests.Cluster.Sharding;

public class XxHash64Tests
{
    private const ulong Prime32 = 2654435761;

    /// <summary>The vectors of xxHash's own sanity test (tests/sanity_test.c), over its generated buffer.</summary>
    [Theory]
    [InlineData(0, 0, "EF46DB3751D8E999")]
    [InlineData(0, Prime32, "AC75FDA2929B17EF")]
    [InlineData(1, 0, "E934A84ADB052768")]
    [InlineData(1, Prime32, "5014607643A9B4C3")]
    [InlineData(4, 0, "9136A0DCA57457EE")]
    [InlineData(14, 0, "8282DCC4994E35C8")]
    [InlineData(14, Prime32, "C3BD6BF63DEB6DF0")]
    [InlineData(31, 0, "299B39A290E6D783")]
    [InlineData(32, 0, "18B216492BB44B70")]
    [InlineData(33, 0, "55C8DC3E578F5B59")]
    [InlineData(63, 0, "A9EFBE0FA0F3F4E7")]
    [InlineData(64, Prime32, "B5EEBA99264CC44F")]
    [InlineData(222, 0, "B641AE8CB691C174")]
    [InlineData(222, Prime32, "20CB8AB7AE10C14A")]
    public void Hash_SanityBuffer_IsTheReference(int length, ulong seed, string expected)
    {
        byte[] buffer = new byte[length];
        ulong generator = Prime32;
        for (int i = 0; i < length; i++)
        {
            buffer[i] = (byte)(generator >> 56);
            generator *= 11400714785074694797;
        }

        Assert.Equal(expected, XxHash64.Hash(buffer, seed).ToString("X16", CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("a", "D24EC4F1A98C6E5B")]
    [InlineData("abc", "44BC2CF5AD770999")]
    [InlineData("Nobody inspects the spammish repetition", "FBCEA83C8A378BF1")]
    public void Hash_KnownText_IsTheReference(string text, string expected) =>
        Assert.Equal(expected, XxHash64.Hash(Encoding.ASCII.GetBytes(text)).ToString("X16", CultureInfo.InvariantCulture));
}
