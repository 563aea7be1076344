using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>Finds a host that used to send and is silent: its newest sample against the shard's tick.</summary>
/// <remarks>
/// Silent = older than max(5 usual intervals, 3 x the 99th percentile of the gaps seen, 10 s), for a host with at least 20 instants seen that
/// was once up to date: a push of old data alone never makes a host stale. Only ticks change the verdict, so backlog that arrives late does not
/// make it flap. Stamps less than 500 ms apart are one instant: sources of one scrape differ by a little.
/// Blittable; one writer.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public struct StaleRule
{
    private const long SameInstantMs = 500;
    private const float LimitMsMin = 10_000;
    private const int HistoryMin = 20;
    private const float Quantile = 0.99f;
    private long newestMs;
    private long instantMs;
    private float intervalMs;
    private float gapMs99;
    private int instants;
    private byte live;
    private byte stale;

    /// <summary>Newest sample of the host, milliseconds since 1970; 0 when there was none.</summary>
    public readonly long NewestMs => newestMs;

    /// <summary>Whether the host is silent.</summary>
    public readonly bool IsStale => stale != 0;

    /// <summary>Silence beyond which the host is stale, in milliseconds.</summary>
    public readonly float LimitMs => Math.Max(LimitMsMin, Math.Max(5 * intervalMs, 3 * gapMs99));

    /// <summary>Takes a sample's time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Observe(long timestampMs)
    {
        if (timestampMs <= newestMs)
        {
            return;
        }

        newestMs = timestampMs;
        if (timestampMs - instantMs >= SameInstantMs)
        {
            NoteInstant(timestampMs);
        }
    }

    /// <summary>Judges the silence.</summary>
    /// <returns>True when the state changed; <see cref="IsStale"/> may or may not have.</returns>
    public bool Tick(long nowMs)
    {
        bool silent = nowMs - newestMs > LimitMs;
        if (silent ? live == 0 || stale == 1 || instants < HistoryMin : live == 1 && stale == 0)
        {
            return false;
        }

        (live, stale) = (1, (byte)(silent ? 1 : 0));
        return true;
    }

    private void NoteInstant(long timestampMs)
    {
        long gap = timestampMs - instantMs;
        instantMs = timestampMs;
        if (instants++ == 0)
        {
            return;
        }

        instants = Math.Min(instants, HistoryMin * 10);
        intervalMs += (gap - intervalMs) / Math.Min(instants - 1, 100);

        // A running quantile: up by 99 parts when a gap is above it, down by one when below; the highest seen while there is no history.
        float part = 0.05f * intervalMs;
        gapMs99 = instants <= HistoryMin ? Math.Max(gapMs99, gap) : gapMs99 + (part * (gap > gapMs99 ? Quantile : Quantile - 1));
    }
}
