using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.TimeSeries.Model;

public class LabelSetTests
{
    [Fact]
    public void Create_AnyOrder_GivesTheSameBytes()
    {
        LabelSet one = LabelSet.Create("m", ("b", "2"), ("a", "1"));
        LabelSet two = LabelSet.Create([new Label("a", "1"), new Label("b", "2"), new Label("empty", ""), new Label("__name__", "m")]);

        Assert.Equal(one, two);
        Assert.True(one.Bytes.SequenceEqual(two.Bytes));
        Assert.Equal("m{a=\"1\",b=\"2\"}", one.ToString());
    }

    [Fact]
    public void Create_RepeatedName_Throws() => Assert.Throws<ArgumentException>(() => LabelSet.Create("m", ("a", "1"), ("a", "2")));

    [Fact]
    public void Create_NamesWithSurrogates_SortsByUtf8Bytes()
    {
        LabelSet set = LabelSet.Create(new Label("\U0001F600", "emoji"), new Label("\uFF01", "wide"));

        Assert.Equal("\uFF01", set.Labels[0].Name);
        Assert.True(LabelSet.TryFromBytes(set.Bytes, out LabelSet back));
        Assert.Equal(set, back);
    }

    [Theory]
    [InlineData(new byte[] { 1 })]
    [InlineData(new byte[] { 1, (byte)'a', 0 })]
    [InlineData(new byte[] { 1, (byte)'b', 1, (byte)'x', 1, (byte)'a', 1, (byte)'x' })]
    [InlineData(new byte[] { 1, (byte)'a', 1, (byte)'x', 1, (byte)'a', 1, (byte)'x' })]
    [InlineData(new byte[] { 1, 0xff, 1, (byte)'x' })]
    [InlineData(new byte[] { 0x81, 0, (byte)'a', 1, (byte)'x' })]
    [InlineData(new byte[] { 1, (byte)'a', 0x81, 0x80, 0, (byte)'x' })]
    [InlineData(new byte[] { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1 })]
    public void TryFromBytes_NotCanonical_IsRefused(byte[] bytes) => Assert.False(LabelSet.TryFromBytes(bytes, out _));
}
