using MonitorCluster.Alert;

namespace MonitorCluster.Query;

/// <summary>The bytes of verdicts and mutes inside an answer; docs/formats/query.md.</summary>
internal static class VerdictCodec
{
    /// <summary>The fewest bytes of a verdict: every text empty, every number missing that may be.</summary>
    public const int VerdictBytesMin = 54;

    /// <summary>The fewest bytes of a mute.</summary>
    public const int MuteBytesMin = 6;

    public static void Write(LegWriter writer, SeriesVerdict verdict)
    {
        writer.Bytes(verdict.Labels.Bytes);
        writer.Byte((byte)verdict.Phase);
        writer.Double(verdict.StepSeconds);
        writer.Number(verdict.Steps);
        writer.Maybe(verdict.LearningSecondsLeft);
        writer.Maybe(verdict.YoungSecondsLeft);
        writer.Time(verdict.SinceMs);
        writer.Maybe(verdict.Value);
        writer.Maybe(verdict.Expected);
        writer.Maybe(verdict.BandLow);
        writer.Maybe(verdict.BandHigh);
        writer.Double(verdict.Score);
        writer.Double(verdict.SignalAt);
        writer.Double(verdict.WarningAt);
        writer.Double(verdict.Offset);
        writer.Text(verdict.Channel);
        writer.Byte(verdict.IsMuted ? (byte)1 : (byte)0);
        writer.Text(verdict.Incident ?? string.Empty); // no incident has an empty id
        writer.Text(verdict.Reason);
    }

    public static void Write(LegWriter writer, Mute mute)
    {
        writer.Text(mute.Id);
        writer.Text(mute.Selector);
        writer.Signed(mute.UntilMs);
        writer.Text(mute.By);
        writer.Text(mute.Comment);
        writer.Signed(mute.SetAtMs);
    }

    // Members of an initialiser run in the order in which they are written: that of the bytes.
    public static SeriesVerdict ReadVerdict(ref LegReader reader) => new()
    {
        Labels = reader.Labels(),
        Phase = (SeriesPhase)reader.Byte((byte)SeriesPhase.Unjudged),
        StepSeconds = reader.Double(),
        Steps = (int)reader.Number(int.MaxValue),
        LearningSecondsLeft = reader.Maybe(),
        YoungSecondsLeft = reader.Maybe(),
        SinceMs = reader.Time(),
        Value = reader.Maybe(),
        Expected = reader.Maybe(),
        BandLow = reader.Maybe(),
        BandHigh = reader.Maybe(),
        Score = reader.Double(),
        SignalAt = reader.Double(),
        WarningAt = reader.Double(),
        Offset = reader.Double(),
        Channel = reader.Text(),
        IsMuted = reader.Byte(1) == 1,
        Incident = reader.Text() is { Length: > 0 } incident ? incident : null,
        Reason = reader.Text(),
    };

    public static Mute ReadMute(ref LegReader reader) =>
        new(reader.Text(), reader.Text(), reader.Signed(), reader.Text(), reader.Text(), reader.Signed());
}
