using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Chunks;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Aggregate;

// How a shard is opened again: series, last snapshot, the blocks of the memory span, then every journal row since, in order.
// Snapshot (docs/formats/journal.md): u8 version, varint count, count x (varint number, zigzag varint newest timestamp, f64 its value),
// varint length and detection's own bytes.
internal sealed partial class ShardState
{
    private const byte SnapshotVersion = 1;

    /// <summary>Names the series that the store knows. First of all steps of recovery.</summary>
    /// <exception cref="InvalidDataException">A row's labels are not canonical.</exception>
    public void RestoreSeries(int number, ReadOnlySpan<byte> labels, long firstMs)
    {
        if (!LabelSet.TryFromBytes(labels, out LabelSet set))
        {
            throw new InvalidDataException($"shard {ShardId}: the labels of series {number} are not canonical");
        }

        if (series.TryFind(set, out int older))
        {
            // Retention forgot the older number but did not live to delete its row, and the series came back under a new one.
            series.Retire(older);
            detection.Clear(older);
            orphans.Add(older);
        }

        series.Insert(number, set, firstMs);
        detection.Register(number, set);
    }

    /// <summary>Restores the state of the last cut.</summary>
    /// <exception cref="InvalidDataException">The snapshot cannot be read; the message says where.</exception>
    public void RestoreSnapshot(long cutJseq, ReadOnlySpan<byte> snapshot, ReadOnlyMemory<byte> marks)
    {
        lastJseq = lastCutJseq = cutJseq;
        snapshotBytes = snapshot.Length;
        hasStoredBlocks = true; // perhaps; asking the store settles it
        RestoreMarks(marks);
        int offset = 1;
        if (snapshot.IsEmpty || snapshot[0] != SnapshotVersion || !Varint.TryRead(snapshot, ref offset, out int count))
        {
            throw new InvalidDataException($"shard {ShardId}: snapshot {cutJseq} has no header of version {SnapshotVersion}");
        }

        for (int i = 0; i < count; i++)
        {
            if (!Varint.TryRead(snapshot, ref offset, out int number) || !Varint.TryRead(snapshot, ref offset, out ulong timestamp)
                || snapshot.Length - offset < sizeof(double))
            {
                throw new InvalidDataException($"shard {ShardId}: snapshot {cutJseq} ends inside series {i} of {count}");
            }

            if (series[number] is not null)
            {
                ref SeriesSlot slot = ref series.Slots[number];
                slot.LastTimestampMs = Varint.UnZigZag(timestamp);
                slot.LastValue = BinaryPrimitives.ReadDoubleLittleEndian(snapshot[offset..]);
            }

            offset += sizeof(double);
        }

        RestoreDetection(snapshot[offset..]);
    }

    /// <summary>The store has blocks that memory does not: queries must ask it.</summary>
    public void NoteStoredBlocks() => hasStoredBlocks = true;

    /// <summary>Takes a stored block into memory again, so that windows reach back over the restart. Ascending by cut.</summary>
    /// <param name="cutJseq">The block's cut.</param>
    /// <param name="isLate">Whether it holds late samples.</param>
    /// <param name="blocks">Its mini-blocks.</param>
    /// <param name="sealedAtMs">When it was written, for the memory span.</param>
    public void RestoreBlock(long cutJseq, bool isLate, IReadOnlyList<MiniBlock> blocks, long sealedAtMs)
    {
        SealedCut? cut = cuts.LastOrDefault();
        if (cut is null || cut.CutJseq != cutJseq)
        {
            cut = new SealedCut(cutJseq, [], [], sealedAtMs) { IsStored = true };
            cuts.Enqueue(cut);
        }

        (isLate ? cut.Late : cut.Main).AddRange(blocks);
        cut.Bytes += blocks.Sum(BytesOf);
        if (isLate)
        {
            return;
        }

        foreach (MiniBlock block in blocks)
        {
            foreach (int number in block.SeriesNumbers)
            {
                if (series[number] is not null)
                {
                    ref SeriesSlot slot = ref series.Slots[number];
                    if (slot.Group < 0)
                    {
                        PlaceSeries(number, ref slot);
                    }

                    groups[slot.Group].AttachHistory(block);
                }
            }
        }
    }

    /// <summary>Applies a journal row again: what it changed the first time, it changes now, but nothing is written or told.</summary>
    /// <exception cref="InvalidDataException">The row cannot be read, or is not the next one.</exception>
    public void Replay(long jseq, ReadOnlyMemory<byte> marks, ReadOnlySpan<byte> body)
    {
        if (jseq != lastJseq + 1)
        {
            throw new InvalidDataException($"shard {ShardId}: journal row {jseq} follows {lastJseq}");
        }

        lastJseq = jseq;
        journalBytesSinceCut += body.Length;
        RestoreMarks(marks);
        int offset = 1;
        bool read = body.IsEmpty || body[0] == JournalBody.Version;
        while (read && offset < body.Length)
        {
            byte kind = body[offset++];
            read = kind switch
            {
                JournalBody.RunsRecord => TryReplayRuns(body, ref offset),
                JournalBody.TickRecord => TryReplayTick(body, ref offset),
                JournalBody.AcknowledgeRecord => TryReplayAcknowledge(body, ref offset),
                JournalBody.FeedbackRecord => TryReadText(body, ref offset, out string json) && TryApplyFeedback(json),
                _ => false,
            };
            detection.ClearDerived(); // the journal has what was stored of it
        }

        if (!read)
        {
            throw new InvalidDataException($"shard {ShardId}: journal row {jseq} cannot be read at byte {offset} of {body.Length}");
        }
    }

    private SnapshotDraft CopySnapshot()
    {
        var writer = new PooledWriter(copyBytes);
        Span<SeriesSlot> slots = series.Slots;
        int count = 0;
        foreach (ref SeriesSlot slot in slots)
        {
            count += slot.LastTimestampMs != long.MinValue ? 1 : 0;
        }

        writer.Write([SnapshotVersion]);
        Varint.Write(writer, (ulong)count);
        for (int number = 0; number < slots.Length; number++)
        {
            if (slots[number].LastTimestampMs != long.MinValue)
            {
                Varint.Write(writer, (ulong)number);
                Varint.Write(writer, Varint.ZigZag(slots[number].LastTimestampMs));
                BinaryPrimitives.WriteDoubleLittleEndian(writer.GetSpan(sizeof(double)), slots[number].LastValue);
                writer.Advance(sizeof(double));
            }
        }

        Range detectors = detection.Copy(writer);
        copyBytes = writer.Length;
        return new SnapshotDraft(writer, detectors, counters);
    }

    private void RestoreMarks(ReadOnlyMemory<byte> marks)
    {
        foreach ((long collectorNo, long seq) in Marks.Decode(marks))
        {
            CollectorCursor cursor = CursorOf(collectorNo);
            cursor.LastSeq = cursor.DurableSeq = seq;
        }
    }

    private bool TryReplayRuns(ReadOnlySpan<byte> body, ref int offset)
    {
        if (body.Length - offset < sizeof(uint))
        {
            return false;
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(body[offset..]);
        offset += sizeof(uint);
        if (length > body.Length - offset)
        {
            return false;
        }

        var reader = new SectionReader(body.Slice(offset, (int)length));
        offset += (int)length;
        while (reader.MoveNextRun())
        {
            ReserveScratch(reader.Count, 1);
            int count = 0, skipped = 0;
            while (reader.MoveNext())
            {
                if (series[reader.Handle] is null)
                {
                    skipped++;
                    continue; // retention took the series between this row and the next cut
                }

                scratchSlots[count] = reader.Handle;
                scratchValues[count++] = reader.Value;
            }

            ApplyRun(reader.TimestampMs, scratchSlots.AsSpan(0, count), scratchValues.AsSpan(0, count));
            counters.AddReplaySkipped(skipped);
        }

        return !reader.IsMalformed;
    }

    private bool TryReplayTick(ReadOnlySpan<byte> body, ref int offset)
    {
        if (!Varint.TryRead(body, ref offset, out ulong nowMs))
        {
            return false;
        }

        ApplyTick(Varint.UnZigZag(nowMs));
        return true;
    }

    private bool TryReplayAcknowledge(ReadOnlySpan<byte> body, ref int offset)
    {
        if (!Varint.TryRead(body, ref offset, out ulong nowMs) || !TryReadText(body, ref offset, out string id)
            || !TryReadText(body, ref offset, out string by) || !TryReadText(body, ref offset, out string comment))
        {
            return false;
        }

        ApplyAcknowledge(Varint.UnZigZag(nowMs), id, by, comment);
        return true;
    }

    private static bool TryReadText(ReadOnlySpan<byte> body, ref int offset, out string text)
    {
        text = string.Empty;
        if (!Varint.TryRead(body, ref offset, out int length) || length > body.Length - offset)
        {
            return false;
        }

        text = Encoding.UTF8.GetString(body.Slice(offset, length));
        offset += length;
        return true;
    }
}
