using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Aggregate;

public class JournalOrderTests
{
    [Fact]
    public void Check_OwnersOneAfterTheOther_Passes() => JournalOrder.Check(0, [Row(1, 1, 10, 5), Row(2, 1, 10, 7), Row(3, 4, 11, 8)], 4, 11);

    [Theory]
    [InlineData(2, 10, 8, "epoch falls")]
    [InlineData(3, 12, 8, "two writers in an epoch")]
    [InlineData(4, 12, 8, "not by the owner")]
    [InlineData(5, 11, 8, "above the shard's epoch")]
    [InlineData(3, 11, 7, "a batch twice")]
    public void Check_WhatNeverMayBe_Throws(long epoch, long writer, long seq, string why)
    {
        InvariantViolatedException error = Assert.Throws<InvariantViolatedException>(
            () => JournalOrder.Check(9, [Row(1, 3, 11, 7), Row(2, epoch, writer, seq)], 4, 11));

        Assert.True(error.Message.Contains("shard 9", StringComparison.Ordinal), why);
    }

    private static JournalRow Row(long jseq, long epoch, long writer, long seq) =>
        new(jseq, epoch, writer, 1, Marks.Encode([KeyValuePair.Create(1L, seq)]), []);
}
