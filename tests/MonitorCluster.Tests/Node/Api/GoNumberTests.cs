using System.Globalization;
using System.Text;
using MonitorCluster.Node.Api;

namespace MonitorCluster.Tests.Node.Api;

public class GoNumberTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(-0.0, "-0")]
    [InlineData(1.5, "1.5")]
    [InlineData(-1e21, "-1000000000000000000000")]
    [InlineData(1e-7, "0.0000001")]
    [InlineData(-1.25e-7, "-0.000000125")]
    [InlineData(1234567890123456.8, "1234567890123456.8")]
    [InlineData(0.1, "0.1")]
    [InlineData(9007199254740993, "9007199254740992")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    public void Format_Known_IsGosShortest(double value, string expected) => Assert.Equal(expected, Text(value));

    [Fact]
    public void Format_AnyBits_ReadsBackWithoutExponent()
    {
        var random = new Random(5);
        foreach (double value in Enumerable.Range(0, 20_000).Select(_ => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)))
            .Where(double.IsFinite).Concat([double.MaxValue, double.MinValue, double.Epsilon, -double.Epsilon]))
        {
            string text = Text(value);

            Assert.DoesNotContain('E', text);
            Assert.Equal(value, double.Parse(text, CultureInfo.InvariantCulture));
        }
    }

    private static string Text(double value)
    {
        Span<byte> target = stackalloc byte[GoNumber.BytesMax];
        return Encoding.ASCII.GetString(target[..GoNumber.Format(value, target)]);
    }
}
