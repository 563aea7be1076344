using MonitorCluster.TimeSeries.Exposition;
using MonitorCluster.TimeSeries.Model;
using static MonitorCluster.Tests.TimeSeries.Exposition.RemoteWriteBody;

namespace MonitorCluster.Tests.TimeSeries.Exposition;

public class RemoteWriteLabelsTests
{
    [Fact]
    public void TryToLabelSet_UnsortedWithAnEmptyValue_IsTheSortedSet()
    {
        byte[] region = Message(Label("job", "node"), Label("__name__", "up"), Label("gone", ""), Label("a", "ü"), Label("gone", ""));

        Assert.Equal(RemoteWriteLabelsOutcome.Ok, RemoteWriteLabels.TryToLabelSet(region, out LabelSet labels));
        Assert.Equal(LabelSet.Create("up", ("a", "ü"), ("job", "node")), labels);
    }

    [Fact]
    public void TryToLabelSet_NoMetricName_IsAccepted()
    {
        Assert.Equal(RemoteWriteLabelsOutcome.Ok, RemoteWriteLabels.TryToLabelSet(Message(Label("my.label-5", "x")), out LabelSet labels));
        Assert.Equal(LabelSet.Create(new Label("my.label-5", "x")), labels);
    }

    public static TheoryData<RemoteWriteLabelsOutcome, byte[]> Judged => new()
    {
        { RemoteWriteLabelsOutcome.Empty, [] },
        { RemoteWriteLabelsOutcome.Empty, Message(Label("a", "")) },
        { RemoteWriteLabelsOutcome.EmptyName, Message(Label("", "x")) },
        { RemoteWriteLabelsOutcome.RepeatedName, Message(Label("b", "1"), Label("a", "1"), Label("b", "1")) },
        { RemoteWriteLabelsOutcome.NotUtf8, Message(Bytes(1, Message(Bytes(1, [0xff]), Text(2, "x")))) },
        { RemoteWriteLabelsOutcome.NotUtf8, Message(Bytes(1, Message(Text(1, "a"), Bytes(2, [0xed, 0xa0, 0x80])))) },
        { RemoteWriteLabelsOutcome.Ok, Message(Label(new string('n', 1_024), new string('v', 2_048))) },
        { RemoteWriteLabelsOutcome.NameTooLong, Message(Label(new string('n', 1_025), "x")) },
        { RemoteWriteLabelsOutcome.ValueTooLong, Message(Label("n", new string('v', 2_049))) },
        { RemoteWriteLabelsOutcome.Ok, Message([.. Enumerable.Range(0, 40).Select(i => Label($"l{40 - i}", "x"))]) },
        { RemoteWriteLabelsOutcome.TooMany, Message([.. Enumerable.Range(0, 41).Select(i => Label($"l{i}", "x"))]) },
        { RemoteWriteLabelsOutcome.Ok, Message([.. Enumerable.Range(0, 41).Select(i => Label($"l{i}", i == 7 ? "" : "x"))]) },
    };

    [Theory]
    [MemberData(nameof(Judged))]
    public void TryToLabelSet_AtEachLimit_SaysWhy(RemoteWriteLabelsOutcome outcome, byte[] region)
    {
        Assert.Equal(outcome, RemoteWriteLabels.TryToLabelSet(region, out LabelSet labels));
        Assert.Equal(outcome != RemoteWriteLabelsOutcome.Ok, labels.Count == 0);
    }

    [Fact]
    public void TryToLabelSet_RandomOrder_IsWhatCreateGives()
    {
        var random = new Random(9);
        for (int round = 0; round < 500; round++)
        {
            (string Name, string Value)[] pairs =
                [.. Enumerable.Range(0, random.Next(1, 40)).Select(i => ($"{(char)('a' + random.Next(26))}{i}", $"{random.Next(1_000)}"))];
            byte[] region = Message([.. pairs.Select(p => Label(p.Name, p.Value))]);

            Assert.Equal(RemoteWriteLabelsOutcome.Ok, RemoteWriteLabels.TryToLabelSet(region, out LabelSet labels));
            Assert.Equal(LabelSet.Create(pairs.Select(p => new Label(p.Name, p.Value))), labels);
        }
    }
}
