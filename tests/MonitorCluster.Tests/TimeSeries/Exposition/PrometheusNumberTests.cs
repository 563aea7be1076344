using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using MonitorCluster.TimeSeries.Exposition;

namespace MonitorCluster.Tests.TimeSeries.Exposition;

public class PrometheusNumberTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(-0.0, "-0")]
    [InlineData(1, "1")]
    [InlineData(0.1, "0.1")]
    [InlineData(-2.5, "-2.5")]
    [InlineData(1e21, "1000000000000000000000")]
    [InlineData(1e-7, "0.0000001")]
    [InlineData(1.5e-10, "0.00000000015")]
    [InlineData(-1.25e20, "-125000000000000000000")]
    [InlineData(1e15, "1000000000000000")]
    [InlineData(1234567890123456.5, "1234567890123456.5")]
    [InlineData(9007199254740993.0, "9007199254740992")]
    [InlineData(1700000000.123, "1700000000.123")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    public void Format_KnownNumber_IsGoText(double value, string expected) => Assert.Equal(expected, PrometheusNumber.Format(value));

    [Theory]
    [InlineData(double.MaxValue, 309)]
    [InlineData(-5e-324, 327)]
    [InlineData(-2.2250738585072014E-308, 327)]
    public void Format_Extreme_HasAllItsDigits(double value, int length)
    {
        string text = PrometheusNumber.Format(value);

        Assert.Equal(length, text.Length);
        Assert.Equal(value, double.Parse(text, CultureInfo.InvariantCulture));
    }

    [Fact]
    public void Format_AnyDouble_ReadsBackWithoutExponent() =>
        Prop.ForAll(ArbMap.Default.GeneratorFor<long>().Select(BitConverter.Int64BitsToDouble).Where(double.IsFinite).ToArbitrary(), value =>
        {
            string text = PrometheusNumber.Format(value);
            return text.Length <= PrometheusNumber.BytesMax && !text.Contains('E', StringComparison.Ordinal)
                && BitConverter.DoubleToInt64Bits(double.Parse(text, CultureInfo.InvariantCulture)) == BitConverter.DoubleToInt64Bits(value);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5_000).WithReplay(42, 7));

    [Fact]
    public void Format_RandomBits_ReadsBack()
    {
        var random = new Random(5);
        for (int i = 0; i < 30_000; i++)
        {
            double value = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
            string text = PrometheusNumber.Format(value);

            Assert.True(double.IsNaN(value) ? text == "NaN" : double.Parse(text, CultureInfo.InvariantCulture).Equals(value), text);
        }
    }
}
