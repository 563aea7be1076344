namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>The wall clock of a time zone: the hours in which people and their jobs come and go.</summary>
/// <remarks>Safe for any thread. Cost: a division and a compare; once a quarter of an hour a look into the zone's rules.</remarks>
public sealed class WallClock
{
    /// <summary>Coordinated universal time.</summary>
    public static readonly WallClock Utc = new(TimeZoneInfo.Utc);

    private const long QuarterMs = 900_000; // offsets change at full quarters
    private const long MinuteMs = 60_000;
    private const int OffsetBits = 16;
    private const int OffsetBias = 1 << (OffsetBits - 1);
    private readonly TimeZoneInfo? zone;
    private long newest; // number of a quarter and its offset in minutes, in one word: nobody sees one without the other

    /// <summary>The clock of a zone.</summary>
    public WallClock(TimeZoneInfo zone)
    {
        ArgumentNullException.ThrowIfNull(zone);
        this.zone = zone.HasSameRules(TimeZoneInfo.Utc) ? null : zone;
    }

    /// <summary>What a clock on the wall shows, as milliseconds since 1970 by that clock. It goes back once a year where summer time ends.</summary>
    /// <param name="utcMs">Milliseconds since 1970, not negative.</param>
    public long ToLocal(long utcMs)
    {
        if (zone is null)
        {
            return utcMs;
        }

        long quarter = utcMs / QuarterMs, known = Volatile.Read(ref newest);
        if (known >> OffsetBits != quarter)
        {
            long minutes = (long)zone.GetUtcOffset(DateTimeOffset.FromUnixTimeMilliseconds(utcMs)).TotalMinutes;
            Volatile.Write(ref newest, known = (quarter << OffsetBits) | (minutes + OffsetBias));
        }

        return utcMs + (((known & ((1 << OffsetBits) - 1)) - OffsetBias) * MinuteMs);
    }
}
