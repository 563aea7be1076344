using System.Buffers;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using MonitorCluster.Alert;
using MonitorCluster.TimeSeries.Detectors;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Detect;

// Detection as bytes (docs/formats/journal.md). Detectors are mostly histograms of small numbers: deflated they take about a third.
public sealed partial class ShardDetection
{
    private const byte FormatVersion = 3;
    private const byte ModelFormatVersion = 2; // without histograms: their first step is lost
    private const byte FirstFormatVersion = 1; // before the anomaly model: its detectors say nothing to this one, its hosts and alerts do
    private const int HostBlocks = 6; // after name and silence
    private const int FirstDetectorBytes = 128; // or a little more: a number too many is reserved for nobody, one too few would be used twice
    private const int DetectorBytesMax = 1 << 30; // what a reader takes, so what a writer writes: 976,000 series

    // A program whose structs are larger or smaller has other detectors: together the sizes tell.
    private static ulong DetectorBytes => (ulong)(
        Unsafe.SizeOf<StepAccumulator>() + Unsafe.SizeOf<SeriesDetector>() + Unsafe.SizeOf<SignalRate>() + Unsafe.SizeOf<HourPeaks>()
        + Unsafe.SizeOf<IncidentState>() + Unsafe.SizeOf<SignalMember>() + SeriesRules.Bytes);

    /// <summary>Detectors, hosts, feedback and book as bytes. The series' labels are the shard's own and not part of it.</summary>
    /// <remarks>
    /// The detectors are not deflated yet. That takes several times as long, and no sample is taken in meanwhile: <see cref="Pack"/> can be done elsewhere.
    /// </remarks>
    /// <returns>Where in the writer the detectors lie, each of them whole.</returns>
    public Range Copy(PooledWriter target)
    {
        ArgumentNullException.ThrowIfNull(target);
        target.Write([FormatVersion]);
        Varint.Write(target, (ulong)settings.StepMs);
        Varint.Write(target, DetectorBytes);
        Varint.Write(target, (ulong)seriesCount);
        int start = target.Length;
        CopyDetectors(target);
        int end = target.Length;
        HostWatch[] alive = [.. hosts.Where(h => h.SeriesCount > 0)];
        Varint.Write(target, (ulong)alive.Length);
        foreach (HostWatch host in alive)
        {
            WriteBlock(target, Encoding.UTF8.GetBytes(host.Name));
            WriteBlock(target, MemoryMarshal.AsBytes(new ReadOnlySpan<StaleRule>(in host.Silence)));
            WriteBlock(target, MemoryMarshal.AsBytes(new ReadOnlySpan<SignalRate>(in host.Rate)));
            WriteBlock(target, MemoryMarshal.AsBytes(new ReadOnlySpan<HourPeaks>(in host.Hours)));
            WriteBlock(target, MemoryMarshal.AsBytes(new ReadOnlySpan<IncidentState>(in host.Incident)));
            WriteBlock(target, MemoryMarshal.AsBytes<long>([host.WindowEndMs, host.NextJudgeMs, host.IsDirty ? 1 : 0]));
            WriteBlock(target, MemoryMarshal.AsBytes(host.Members));
            WriteBlock(target, MemoryMarshal.AsBytes<int>([.. host.ClosedSeries.Order()]));
        }

        using var rest = new PooledWriter();
        rules.Snapshot(rest);
        histograms.Snapshot(rest);
        WriteBlock(target, rest.Written);
        WriteBlock(target, feedback.Snapshot());
        rest.Clear();
        Book.Snapshot(rest);
        WriteBlock(target, rest.Written);
        return start..end;
    }

    /// <summary>Makes of bytes around and of <see cref="Copy"/> what is stored. Safe for any thread.</summary>
    /// <param name="copy">The bytes.</param>
    /// <param name="detectors">Where the detectors lie.</param>
    /// <param name="target">Where the stored bytes go.</param>
    public static void Pack(ReadOnlySpan<byte> copy, Range detectors, IBufferWriter<byte> target)
    {
        ArgumentNullException.ThrowIfNull(target);
        using var packed = new PooledWriter();
        using (var deflate = new DeflateStream(packed.AsStream(), CompressionLevel.Fastest))
        {
            deflate.Write(copy[detectors]);
        }

        target.Write(copy[..detectors.Start.Value]);
        WriteBlock(target, packed.Written);
        target.Write(copy[detectors.End.Value..]);
    }

    /// <summary>Takes what <see cref="Pack"/> wrote. Then register the series anew.</summary>
    /// <remarks>
    /// When the step's length was changed since, or the snapshot is of an older program with other detectors, they start to learn anew; silence,
    /// feedback and alerts are kept.
    /// </remarks>
    /// <returns>False when the bytes are not such a snapshot; then this object is not to be used.</returns>
    public bool TryRestore(ReadOnlySpan<byte> source)
    {
        if (source.IsEmpty || source[0] is 0 or > FormatVersion)
        {
            return false;
        }

        int offset = 1;
        bool isFirst = source[0] == FirstFormatVersion;
        ulong size = 0;
        int count = 0;
        if (!Varint.TryRead(source, ref offset, out ulong stepMs)
            || !(isFirst || (Varint.TryRead(source, ref offset, out size) && Varint.TryRead(source, ref offset, out count)))
            || !TryReadBlock(source, ref offset, out ReadOnlySpan<byte> packed) || count > SeriesMax)
        {
            return false;
        }

        Forget(isFirst ? packed.Length / FirstDetectorBytes : count);
        bool isSame = stepMs == (ulong)settings.StepMs && size == DetectorBytes;
        isSame &= enabled; // what is not watched stands behind nothing
        return (!isSame || TryReadDetectors(packed)) && TryReadHosts(source, ref offset, isFirst, isSame)
            && (isFirst || TryReadRest(source, ref offset, isSame, source[0] > ModelFormatVersion))
            && TryReadBlock(source, ref offset, out ReadOnlySpan<byte> book) && offset == source.Length && Book.TryRestore(book);
    }

    /// <summary>After a restart: resolves alerts whose detector does not stand behind them.</summary>
    /// <remarks>The series ended, the step was changed, or detection is off.</remarks>
    public void ResolveEnded(long atMs)
    {
        var alive = new HashSet<(LabelSet Labels, string Channel)>();
        foreach (HostWatch host in hosts.Where(_ => enabled))
        {
            if (host.Incident.IsOpen != 0 && host.Members.IsEmpty)
            {
                host.EndIncident(atMs); // whoever held it has gone since
            }

            if (host.Incident.IsOpen != 0)
            {
                alive.Add((host.Labels, DetectionWords.IncidentChannel));
            }

            foreach (ref readonly SignalMember member in host.Members)
            {
                if (member.IsOn != 0 && watched[member.Series].Labels is { } labels)
                {
                    alive.Add((labels, DetectionWords.AlertChannel(member.Cause)));
                }
            }
        }

        for (int slot = 0; slot < detectors.Count; slot++)
        {
            if (enabled && detectors[slot].IsStuck && watched[seriesOfSlot[slot]].Labels is { } labels)
            {
                alive.Add((labels, DetectionWords.StuckChannel));
            }
        }

        foreach (AlertRecord alert in Book.Open())
        {
            if (alert.Kind is AlertKind.Anomaly or AlertKind.Incident && !alive.Contains((alert.Labels, alert.Channel)))
            {
                Book.Resolve(alert.Labels, alert.Channel, $"{alert.Summary}: no longer watched", null, atMs);
            }
        }
    }

    // What was registered before is registered again after.
    private void Forget(int count)
    {
        steps.Clear();
        detectors.Clear();
        seriesOfSlot.Clear();
        derived.Clear();
        hosts.Clear();
        hostNumbers.Clear();
        judged.Clear();
        histograms.Clear();
        freeSlots.Clear();
        watched.AsSpan().Fill(Watched.Nobody);
        seriesCount = count;
        Grow();
    }

    private void CopyDetectors(PooledWriter target)
    {
        int size = sizeof(int) + Unsafe.SizeOf<StepAccumulator>() + Unsafe.SizeOf<SeriesDetector>(), end = target.Length + DetectorBytesMax;
        for (int slot = 0; slot < detectors.Count && target.Length <= end - size; slot++) // what is beyond is left out, and learns anew
        {
            int series = seriesOfSlot[slot];
            if (watched[series].Slot == slot)
            {
                target.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in series)));
                target.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<StepAccumulator>(in steps[slot])));
                target.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<SeriesDetector>(in detectors[slot])));
            }
        }
    }

    private bool TryReadDetectors(ReadOnlySpan<byte> packed)
    {
        int stepBytes = Unsafe.SizeOf<StepAccumulator>(), size = sizeof(int) + stepBytes + Unsafe.SizeOf<SeriesDetector>();
        byte[] one = new byte[size];
        using var deflate = new DeflateStream(new MemoryStream(packed.ToArray()), CompressionMode.Decompress);
        try
        {
            for (long bytes = size; deflate.ReadAtLeast(one, size, throwOnEndOfStream: false) is var read && read > 0; bytes += size)
            {
                int series = MemoryMarshal.Read<int>(one);
                if (read < size || bytes > DetectorBytesMax || (uint)series >= seriesCount || watched[series].Slot != NoSlot)
                {
                    return false;
                }

                int slot = AddSlot(series);
                steps[slot] = MemoryMarshal.Read<StepAccumulator>(one.AsSpan(sizeof(int)));
                detectors[slot] = MemoryMarshal.Read<SeriesDetector>(one.AsSpan(sizeof(int) + stepBytes));
                watched[series] = Watched.Nobody with { Slot = slot }; // the labels come with Register
            }
        }
        catch (InvalidDataException)
        {
            return false;
        }

        openEndMsMin = long.MinValue; // the next tick walks and learns the bound
        return true;
    }

    private bool TryReadHosts(ReadOnlySpan<byte> source, ref int offset, bool isFirst, bool isSame)
    {
        if (!Varint.TryRead(source, ref offset, out int count) || count > source.Length - offset)
        {
            return false;
        }

        for (int i = 0; i < count; i++)
        {
            if (!TryReadBlock(source, ref offset, out ReadOnlySpan<byte> name) || !TryReadBlock(source, ref offset, out ReadOnlySpan<byte> silence)
                || silence.Length != Unsafe.SizeOf<StaleRule>() || hostNumbers.ContainsKey(Encoding.UTF8.GetString(name)))
            {
                return false;
            }

            HostWatch host = hosts[HostNumber(Encoding.UTF8.GetString(name))];
            host.Silence = MemoryMarshal.Read<StaleRule>(silence);
            if (!isFirst && !TryReadHost(source, ref offset, host, isSame))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryReadHost(ReadOnlySpan<byte> source, ref int offset, HostWatch host, bool isSame)
    {
        if (!isSame)
        {
            // Another step has other windows, another program other structs, and detectors that are not there stand behind no member.
            for (int block = 0; block < HostBlocks; block++)
            {
                if (!TryReadBlock(source, ref offset, out _))
                {
                    return false;
                }
            }

            return true;
        }

        if (!TryReadBlock(source, ref offset, out ReadOnlySpan<byte> rate) || rate.Length != Unsafe.SizeOf<SignalRate>()
            || !TryReadBlock(source, ref offset, out ReadOnlySpan<byte> hours) || hours.Length != Unsafe.SizeOf<HourPeaks>()
            || !TryReadBlock(source, ref offset, out ReadOnlySpan<byte> incident) || incident.Length != Unsafe.SizeOf<IncidentState>()
            || !TryReadBlock(source, ref offset, out ReadOnlySpan<byte> times) || times.Length != 3 * sizeof(long)
            || !TryReadBlock(source, ref offset, out ReadOnlySpan<byte> members) || members.Length % Unsafe.SizeOf<SignalMember>() != 0
            || !TryReadBlock(source, ref offset, out ReadOnlySpan<byte> closed) || closed.Length % sizeof(int) != 0)
        {
            return false;
        }

        ReadOnlySpan<SignalMember> saved = MemoryMarshal.Cast<byte, SignalMember>(members);
        foreach (ref readonly SignalMember member in saved)
        {
            if ((uint)member.Series >= (uint)seriesCount)
            {
                return false;
            }
        }

        ReadOnlySpan<long> instants = MemoryMarshal.Cast<byte, long>(times);
        host.Rate = MemoryMarshal.Read<SignalRate>(rate);
        host.Hours = MemoryMarshal.Read<HourPeaks>(hours);
        host.Incident = MemoryMarshal.Read<IncidentState>(incident);
        (host.WindowEndMs, host.NextJudgeMs, host.IsDirty) = (instants[0], instants[1], instants[2] != 0);
        host.Restore(saved, MemoryMarshal.Cast<byte, int>(closed));
        return true;
    }

    private bool TryReadRest(ReadOnlySpan<byte> source, ref int offset, bool isSame, bool hasHistograms)
    {
        if (!TryReadBlock(source, ref offset, out ReadOnlySpan<byte> saved) || !TryReadBlock(source, ref offset, out ReadOnlySpan<byte> said))
        {
            return false;
        }

        int at = 0;
        return (!isSame || (rules.TryRestore(saved, ref at) && (!hasHistograms || histograms.TryRestore(saved, ref at)) && at == saved.Length))
            && feedback.TryRestore(said);
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
}
