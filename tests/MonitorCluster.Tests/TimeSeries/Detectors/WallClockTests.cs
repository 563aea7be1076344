using System.Globalization;
using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Tests.TimeSeries.Detectors;

public class WallClockTests
{
    [Theory]
    [InlineData("Europe/Vienna", "2026-01-15T12:00:00Z", "2026-01-15T13:00:00Z")]
    [InlineData("Europe/Vienna", "2026-07-15T12:00:00Z", "2026-07-15T14:00:00Z")]
    [InlineData("Europe/Vienna", "2026-03-29T00:59:59Z", "2026-03-29T01:59:59Z")]
    [InlineData("Europe/Vienna", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00Z")]
    [InlineData("Asia/Kathmandu", "2026-01-15T12:00:00Z", "2026-01-15T17:45:00Z")]
    [InlineData("America/New_York", "1970-01-01T12:00:00Z", "1970-01-01T07:00:00Z")]
    [InlineData("UTC", "2026-07-15T12:00:00Z", "2026-07-15T12:00:00Z")]
    public void ToLocal_IsWhatTheClockOnTheWallShows(string zone, string utc, string wall)
    {
        var clock = new WallClock(TimeZoneInfo.FindSystemTimeZoneById(zone));
        clock.ToLocal(Ms("2026-07-01T00:00:00Z")); // another offset was asked for before

        Assert.Equal(Ms(wall), clock.ToLocal(Ms(utc)));
        Assert.Equal(Ms(wall), clock.ToLocal(Ms(utc)));
    }

    private static long Ms(string time) => DateTimeOffset.Parse(time, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();
}
