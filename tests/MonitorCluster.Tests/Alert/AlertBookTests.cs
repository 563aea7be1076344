using System.Buffers;
using System.Text;
using MonitorCluster.Alert;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Alert;

public class AlertBookTests
{
    private const long Now = 1_700_000_010_000;
    private static readonly LabelSet One = LabelSet.Create("node_load1", ("host", "a"));
    private static readonly LabelSet Two = LabelSet.Create("node_load1", ("host", "b"));

    [Fact]
    public void Raise_PendingThenFiringThenResolved_IsOneAlertAndTellsPeopleTwice()
    {
        var book = new AlertBook(3);
        book.Raise(Alerts.Make(One, AlertStatus.Pending), Now);
        book.Raise(Alerts.Make(One) with { StartsAtMs = Now }, Now + 1);
        book.Raise(Alerts.Make(One), Now + 2);
        book.Resolve(One, "level", "over", 0.1, Now + 3);

        IReadOnlyList<AlertTransition> seen = book.Drain();
        Assert.Equal([AlertStatus.Pending, AlertStatus.Firing, AlertStatus.Resolved], seen.Select(t => t.Alert.Status));
        Assert.Equal([false, true, true], seen.Select(t => t.Alert.Notify));
        Assert.All(seen, t => Assert.Equal(("3-1", 1_700_000_000_000), (t.Alert.Id, t.Alert.StartsAtMs)));
        Assert.Equal(Now + 3, seen[2].Alert.EndsAtMs);
        Assert.Empty(book.Open());
        Assert.False(book.HasTransitions);
    }

    [Fact]
    public void Resolve_FromPending_TellsNobody()
    {
        var book = new AlertBook(3);
        book.Raise(Alerts.Make(One, AlertStatus.Pending), Now);
        book.Resolve(One, "level", "over", null, Now + 1);
        book.Resolve(One, "level", "over", null, Now + 2);

        Assert.Equal([false, false], book.Drain().Select(t => t.Alert.Notify));
    }

    [Fact]
    public void Acknowledge_FiringPendingUnknown_IsToldApart()
    {
        var book = new AlertBook(3);
        book.Raise(Alerts.Make(One), Now);
        book.Raise(Alerts.Make(Two, AlertStatus.Pending), Now);
        book.Drain();

        Assert.Equal(AcknowledgeOutcome.Acknowledged, book.Acknowledge("3-1", "eve", "mine", Now));
        Assert.Equal(AcknowledgeOutcome.Acknowledged, book.Acknowledge("3-1", "bob", "late", Now));
        Assert.Equal(AcknowledgeOutcome.Pending, book.Acknowledge("3-2", "eve", "", Now));
        Assert.Equal(AcknowledgeOutcome.NotOpen, book.Acknowledge("3-9", "eve", "", Now));
        AlertTransition only = Assert.Single(book.Drain());
        Assert.Equal((AlertStatus.Acknowledged, "eve", "mine"), (only.Alert.Status, only.Alert.AcknowledgedBy, only.Alert.Comment));
    }

    [Fact]
    public void Raise_BeyondTheLimit_IsCountedAndSaidOnce()
    {
        var book = new AlertBook(3, openMax: 10);
        for (int i = 0; i < 15; i++)
        {
            book.Raise(Alerts.Make(LabelSet.Create("m", ("i", $"{i}"))), Now);
        }

        Assert.Equal(5, book.RefusedCount);
        Assert.Equal(11, book.OpenCount);
        Assert.Single(book.Open(), a => a.Kind == AlertKind.Cluster && a.Summary.Contains("10 open alerts", StringComparison.Ordinal));

        book.Resolve(LabelSet.Create("m", ("i", "0")), "level", "over", null, Now);
        Assert.Equal(10, book.OpenCount);
        book.Resolve(LabelSet.Create("m", ("i", "1")), "level", "over", null, Now);
        Assert.DoesNotContain(book.Open(), a => a.Kind == AlertKind.Cluster);
    }

    [Fact]
    public void LoadOpen_RowsWin_DifferencesBecomeTransitions()
    {
        LabelSet three = LabelSet.Create("m", ("host", "c")), four = LabelSet.Create("m", ("host", "d"));
        var book = new AlertBook(3);
        book.Raise(Alerts.Make(One), Now); // 3-1: durable, acknowledged meanwhile, as 3-8
        book.Raise(Alerts.Make(Two), Now); // 3-2: not durable, and its id is taken by another row
        book.Raise(Alerts.Make(three), Now); // 3-3: durable as pending

        book.LoadOpen(
            [
                Alerts.Make(One, AlertStatus.Acknowledged, "3-8", 40),
                Alerts.Make(four, AlertStatus.Firing, "3-2", 41),
                Alerts.Make(three, AlertStatus.Pending, "3-3", 42),
            ],
            Now + 5);

        Assert.Equal(
            ["3-9 Firing b", "3-3 Firing c", "3-2 Resolved d"],
            book.Drain().Select(t => $"{t.Alert.Id} {t.Alert.Status} {t.Alert.Host}"));
        Assert.Equal(["3-3 Firing", "3-8 Acknowledged", "3-9 Firing"], book.Open().Select(a => $"{a.Id} {a.Status}"));
    }

    [Fact]
    public void LoadOpen_SameAsRecomputed_WritesNothing()
    {
        var book = new AlertBook(3);
        book.Raise(Alerts.Make(One), Now);

        book.LoadOpen([Alerts.Make(One, id: "3-1", seq: 7)], Now);

        Assert.Empty(book.Drain());
        Assert.Equal(7, book.Open()[0].Seq);
    }

    [Fact]
    public void Snapshot_RestoredElsewhere_CountsOnAndKeepsTheOpenOnes()
    {
        var book = new AlertBook(3);
        book.Raise(Alerts.Make(One), Now);
        book.Raise(Alerts.Make(Two), Now);
        book.Resolve(One, "level", "over", null, Now);
        var bytes = new ArrayBufferWriter<byte>();
        book.Snapshot(bytes);
        var other = new AlertBook(3);

        Assert.True(other.TryRestore(bytes.WrittenSpan));
        Assert.False(other.TryRestore(bytes.WrittenSpan[..^1]));
        Assert.Equal(book.Open(), other.Open());
        other.Raise(Alerts.Make(One), Now);
        Assert.Equal("3-3", other.Drain()[0].Alert.Id);
    }

    [Fact]
    public void AlertJson_Write_IsTheContract()
    {
        string json = Encoding.UTF8.GetString(AlertJson.ToBytes(Alerts.Make(One, id: "3-1", seq: 12)));

        Assert.Equal(
            """{"seq":12,"id":"3-1","status":"firing","severity":"warning","kind":"anomaly","host":"a","metric":"node_load1","labels":{"host":"a"}"""
            + ""","startsAt":"2023-11-14T22:13:20.000Z","endsAt":null,"value":0.85,"expected":0.05,"band":[0.02,0.1],"score":12.5"""
            + ""","channel":"level","summary":"cpu pressure on web-1 is 0.85, expected 0.02 to 0.1, for 12 s","notify":true}""",
            json);
    }

    [Fact]
    public void AlertJson_ReadsWhatItWrote()
    {
        AlertRecord alert = Alerts.Make(One, AlertStatus.Acknowledged, "3-1") with { AcknowledgedBy = "eve", Comment = "<b>", EndsAtMs = Now, Score = null };

        Assert.True(AlertJson.TryRead(AlertJson.ToBytes(alert), out AlertRecord? back));
        Assert.Equal(alert, back);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"id\":3}")]
    [InlineData("""{"id":"1-1","status":"2","severity":"info","kind":"stale","labels":{},"channel":"c","summary":"s","startsAt":"2023-11-14T22:13:20.000Z"}""")]
    [InlineData("""{"id":"1-1","status":"firing","severity":"info","kind":"stale","labels":{"":"x"},"channel":"c","summary":"s","startsAt":"2023-11-14T22:13:20.000Z"}""")]
    [InlineData("""{"id":"1-1","status":"firing","severity":"info","kind":"stale","labels":{},"channel":"c","summary":"s","startsAt":"yesterday"}""")]
    public void AlertJson_NotAnAlert_IsRefused(string json) => Assert.False(AlertJson.TryRead(Encoding.UTF8.GetBytes(json), out _));
}
