using MonitorCluster.Aggregate;

namespace MonitorCluster.Tests.Aggregate;

public class MoveMessagesTests
{
    [Fact]
    public void Messages_WrittenAndRead_AreTheSame()
    {
        var warm = new WarmRequest(65_535, 1L << 40, 3, long.MaxValue);
        var grant = new GrantRequest(0, 2, long.MaxValue, 0);

        Assert.Equal(warm, WarmRequest.Read(warm.ToBytes()));
        Assert.Equal(grant, GrantRequest.Read(grant.ToBytes()));
        Assert.Equal(new WarmAnswer(17), WarmAnswer.Read(new WarmAnswer(17).ToBytes()));
        Assert.Equal(new WarmAnswer(0), WarmAnswer.Read(new WarmAnswer(0).ToBytes()));
        Assert.Equal(new WarmAnswer(null), WarmAnswer.Read(new WarmAnswer(null).ToBytes()));
    }

    [Fact]
    public void Read_ForeignBytes_IsNull()
    {
        byte[] bytes = new WarmRequest(1, 2, 3, 4).ToBytes();

        Assert.Null(WarmRequest.Read([]));
        Assert.Null(WarmRequest.Read(bytes.AsSpan(0, bytes.Length - 1)));
        Assert.Null(WarmRequest.Read([.. bytes, 0]));
        Assert.Null(WarmRequest.Read([2, .. bytes.AsSpan(1)]));
        Assert.Null(WarmRequest.Read(MoveMessages.Write(1L << 31, 2, 3, 4))); // no shard has that number
        Assert.Null(WarmRequest.Read([1, .. Enumerable.Repeat((byte)0xFF, 40)]));
    }
}
