using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using MonitorCluster.Alert;
using MonitorCluster.TimeSeries.Detectors;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Detect;

/// <summary>Detection for all series of one shard: samples and ticks in, transitions in the shard's <see cref="AlertBook"/> out.</summary>
/// <remarks>
/// A deterministic function of Register, Observe and Tick calls in their order; time comes only as arguments. A tick for which
/// <see cref="Tick"/> returns false has changed nothing, so it need not be journalled: replaying without it gives the same state.
/// The result of a tick never depends on earlier ticks that changed nothing (the walk's lower bound only saves work).
/// One writer: the shard's mailbox. Cost: a few compares per sample; one walk over the detectors per step that a tick closes.
/// </remarks>
public sealed class ShardDetection
{
    private const byte FormatVersion = 1;
    private const int SeriesMax = 16 << 20;
    private readonly DetectorSettings settings;
    private readonly bool enabled;
    private readonly List<string> hostNames = [];
    private readonly Dictionary<string, int> hostNumbers = new(StringComparer.Ordinal);
    private SeriesDetector[] detectors = [];
    private Watched[] watched = [];
    private StaleRule[] hosts = [];
    private int seriesCount;
    private long openEndMsMin = long.MaxValue; // no open step ends earlier

    /// <summary>Detection that has seen nothing.</summary>
    public ShardDetection(DetectorSettings settings, AlertBook book, bool enabled = true)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(book);
        (this.settings, Book, this.enabled) = (settings, book, enabled);
    }

    /// <summary>The shard's alerts.</summary>
    public AlertBook Book { get; }

    /// <summary>Number of closed steps scored since the start of the process.</summary>
    public long StepsScored { get; private set; }

    /// <summary>Gives a series' labels; before its first sample, and again after a restore. Indices are dense, from 0.</summary>
    public void Register(int series, LabelSet labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)series, (uint)SeriesMax);
        seriesCount = Math.Max(seriesCount, series + 1);
        Grow();
        MetricClass metric = MetricClass.Of(labels.Metric, labels["mode"]);
        watched[series] = new Watched(labels, metric, HostNumber(labels.Host));
    }

    /// <summary>Takes one applied, in-order sample of a registered series. No allocation unless an alert changes.</summary>
    /// <returns>True when the sample closed a detection step; the book may then hold transitions.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Observe(int series, long timestampMs, double value)
    {
        ref readonly Watched by = ref watched[series];
        hosts[by.Host].Observe(timestampMs);
        if (Sample.IsStaleMarker(value))
        {
            End(series, timestampMs);
            return false;
        }

        if (by.Metric.Direction == AnomalyDirection.None || !enabled)
        {
            return false;
        }

        ref SeriesDetector detector = ref detectors[series];
        bool closed = detector.Observe(timestampMs, value, settings.StepMs, by.Metric.IsCounter);
        openEndMsMin = Math.Min(openEndMsMin, detector.OpenEndMs);
        if (closed)
        {
            OnClosed(series);
        }

        return closed;
    }

    /// <summary>Closes the steps whose end plus lateness has passed, and judges silent hosts.</summary>
    /// <returns>True when anything changed: this tick must be journalled.</returns>
    public bool Tick(long nowMs)
    {
        bool changed = false;
        if (nowMs - settings.LatenessMs >= openEndMsMin)
        {
            openEndMsMin = long.MaxValue;
            for (int series = 0; series < seriesCount; series++)
            {
                ref SeriesDetector detector = ref detectors[series];
                long endMs = detector.OpenEndMs;
                if (detector.Tick(nowMs, settings.LatenessMs))
                {
                    OnClosed(series);
                }

                changed |= endMs != detector.OpenEndMs;
                openEndMsMin = Math.Min(openEndMsMin, detector.OpenEndMs);
            }
        }

        for (int host = 0; host < hostNames.Count; host++)
        {
            bool before = hosts[host].IsStale;
            changed |= hosts[host].Tick(nowMs);
            if (hosts[host].IsStale != before)
            {
                OnSilence(host, nowMs);
            }
        }

        return changed;
    }

    /// <summary>One more than the highest series that detection knows of.</summary>
    public int SeriesCount => seriesCount;

    /// <summary>A series has ended: its alerts are resolved and its detector starts anew should it come back.</summary>
    public void Forget(int series, long atMs)
    {
        if (watched[series].Labels is { } labels)
        {
            Resolve(labels, atMs);
        }

        Clear(series);
    }

    /// <summary>Drops what is known of a number that no series has.</summary>
    public void Clear(int series)
    {
        if (series < seriesCount)
        {
            detectors[series] = default;
            watched[series] = default;
        }
    }

    /// <summary>After a restart: resolves alerts whose detector does not stand behind them.</summary>
    /// <remarks>The series ended, the step was changed, or detection is off.</remarks>
    public void ResolveEnded(long atMs)
    {
        var alive = new HashSet<(LabelSet Labels, string Channel)>();
        for (int series = 0; series < seriesCount && enabled; series++)
        {
            if (watched[series].Labels is { } labels)
            {
                if (detectors[series].State != DetectionState.Normal)
                {
                    alive.Add((labels, DetectionAlerts.LevelChannel));
                }

                if (detectors[series].IsStuck)
                {
                    alive.Add((labels, DetectionAlerts.StuckChannel));
                }
            }
        }

        foreach (AlertRecord alert in Book.Open())
        {
            if (alert.Kind == AlertKind.Anomaly && !alive.Contains((alert.Labels, alert.Channel)))
            {
                Book.Resolve(alert.Labels, alert.Channel, $"{alert.Summary}: no longer watched", null, atMs);
            }
        }
    }

    /// <summary>Detectors, hosts and book as bytes. The series' labels are the shard's own and not part of it.</summary>
    public void Snapshot(IBufferWriter<byte> target)
    {
        ArgumentNullException.ThrowIfNull(target);
        target.Write([FormatVersion]);
        Varint.Write(target, (ulong)settings.StepMs);
        WriteBlock(target, MemoryMarshal.AsBytes(detectors.AsSpan(0, seriesCount)));
        Varint.Write(target, (ulong)hostNames.Count);
        for (int host = 0; host < hostNames.Count; host++)
        {
            WriteBlock(target, Encoding.UTF8.GetBytes(hostNames[host]));
            WriteBlock(target, MemoryMarshal.AsBytes(hosts.AsSpan(host, 1)));
        }

        var book = new ArrayBufferWriter<byte>();
        Book.Snapshot(book);
        WriteBlock(target, book.WrittenSpan);
    }

    /// <summary>Takes what <see cref="Snapshot"/> wrote. Then register the series anew.</summary>
    /// <remarks>When the step's length was changed since, the detectors start to learn anew; hosts and alerts are kept.</remarks>
    /// <returns>False, with nothing changed, when the bytes are not such a snapshot.</returns>
    public bool TryRestore(ReadOnlySpan<byte> source)
    {
        int offset = 1, size = Unsafe.SizeOf<SeriesDetector>();
        if (source.IsEmpty || source[0] != FormatVersion || !Varint.TryRead(source, ref offset, out ulong stepMs)
            || !TryReadBlock(source, ref offset, out ReadOnlySpan<byte> series) || series.Length % size != 0 || series.Length / size > SeriesMax
            || !Varint.TryRead(source, ref offset, out int hostCount) || hostCount > source.Length - offset)
        {
            return false;
        }

        var names = new List<string>();
        var rules = new List<StaleRule>();
        for (int i = 0; i < hostCount; i++)
        {
            if (!TryReadBlock(source, ref offset, out ReadOnlySpan<byte> name) || !TryReadBlock(source, ref offset, out ReadOnlySpan<byte> rule)
                || rule.Length != Unsafe.SizeOf<StaleRule>())
            {
                return false;
            }

            names.Add(Encoding.UTF8.GetString(name));
            rules.Add(MemoryMarshal.Read<StaleRule>(rule));
        }

        if (names.Distinct().Count() != names.Count || !TryReadBlock(source, ref offset, out ReadOnlySpan<byte> book) || offset != source.Length
            || !Book.TryRestore(book))
        {
            return false;
        }

        detectors = stepMs == (ulong)settings.StepMs ? MemoryMarshal.Cast<byte, SeriesDetector>(series).ToArray() : new SeriesDetector[series.Length / size];
        seriesCount = detectors.Length;
        watched = new Watched[seriesCount];
        hosts = [.. rules];
        hostNames.Clear();
        hostNumbers.Clear();
        names.ForEach(AddHost);
        openEndMsMin = long.MinValue; // the next tick walks and learns the bound
        return true;
    }

    // The source says that the series ended: whatever was wrong with it is over, and what comes later is another life.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void End(int series, long atMs)
    {
        detectors[series] = default;
        Resolve(watched[series].Labels!, atMs);
    }

    private void Resolve(LabelSet labels, long atMs)
    {
        if (Book.OpenCount > 0)
        {
            Book.Resolve(labels, DetectionAlerts.LevelChannel, "the series ended", null, atMs);
            Book.Resolve(labels, DetectionAlerts.StuckChannel, "the series ended", null, atMs);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void OnClosed(int series)
    {
        StepsScored++;
        Watched by = watched[series];
        if (by.Labels is null)
        {
            return; // restored but not registered: the shard no longer has the series
        }

        StepOutcome outcome = detectors[series].Score(by.Metric, settings);
        if (outcome.IsTransition)
        {
            DetectionAlerts.Apply(Book, by.Labels, by.Metric, outcome, detectors[series], settings);
        }
    }

    private void OnSilence(int host, long nowMs)
    {
        LabelSet labels = LabelSet.Create(new Label(LabelSet.HostLabel, hostNames[host]));
        if (hosts[host].IsStale)
        {
            Book.Raise(DetectionAlerts.Stale(labels, hosts[host], nowMs), nowMs);
        }
        else
        {
            Book.Resolve(labels, DetectionAlerts.StaleChannel, $"{hostNames[host]} sends data again", null, nowMs);
        }
    }

    private int HostNumber(string host)
    {
        if (!hostNumbers.ContainsKey(host))
        {
            AddHost(host);
        }

        return hostNumbers[host];
    }

    private void AddHost(string host)
    {
        hostNumbers[host] = hostNames.Count;
        hostNames.Add(host);
        if (hosts.Length < hostNames.Count)
        {
            Array.Resize(ref hosts, Math.Max(4, hostNames.Count * 2));
        }
    }

    private void Grow()
    {
        if (seriesCount > detectors.Length)
        {
            int size = Math.Max(64, Math.Max(seriesCount, detectors.Length * 2));
            Array.Resize(ref detectors, size);
            Array.Resize(ref watched, size);
        }
    }

    private static void WriteBlock(IBufferWriter<byte> target, ReadOnlySpan<byte> bytes)
    {
        Varint.Write(target, (ulong)bytes.Length);
        target.Write(bytes);
    }

    private static bool TryReadBlock(ReadOnlySpan<byte> source, ref int offset, out ReadOnlySpan<byte> block)
    {
        block = default;
        if (!Varint.TryRead(source, ref offset, out int length) || length > source.Length - offset)
        {
            return false;
        }

        block = source.Slice(offset, length);
        offset += length;
        return true;
    }

    private readonly record struct Watched(LabelSet? Labels, MetricClass Metric, int Host);
}
