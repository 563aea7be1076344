using System.Text;

namespace MonitorCluster.Stream;

/// <summary>The log's files: opens them whatever state a crash left them in, appends, syncs, reads back, deletes.</summary>
/// <remarks>
/// One caller: the WAL actor. What goes where is decided by <see cref="CollectorState"/>, which encodes the records; so an append is one write.
/// Every <see cref="IOException"/> of the files flies through, but damage of their contents never throws: it is reported in <see cref="WalRecovery"/>.
/// </remarks>
internal sealed class WalLog(IWalFiles files, WalOptions options, Random random)
{
    private const int ForeignBytesPerRead = 1 << 20;
    private readonly Dictionary<long, (WalSegmentHeader Header, int Limit)> known = [];
    private readonly SortedSet<long> unsynced = [];

    /// <summary>Finds out what the log holds, and syncs it. Nothing is written but the identity, and nothing acknowledged is deleted.</summary>
    public WalRecovery Open(bool newIdentity)
    {
        known.Clear();
        unsynced.Clear();
        var recovery = new WalRecovery();
        ReadHeaders(recovery);
        recovery.CollectorId = OpenIdentity(newIdentity, recovery);
        recovery.NextSegment = known.Count == 0 ? recovery.NextSegment : Math.Max(recovery.NextSegment, known.Keys.Max() + 1);
        long newest = DropVoidSegments();
        foreach ((long segment, (WalSegmentHeader header, int limit)) in known.OrderBy(k => k.Key))
        {
            // A process that was killed may have left records that only the page cache holds. They are sent from now on, so they must be on the disk.
            files.Sync(segment);
            if (header.CollectorId == recovery.CollectorId)
            {
                ScanOwn(header, limit, isEnd: segment >= newest, recovery);
            }
            else
            {
                recovery.ForeignSegments.Add(segment);
            }
        }

        recovery.Complete();
        return recovery;
    }

    public void Append(WalAppend append)
    {
        ReadOnlySpan<byte> bytes = append.Buffer.AsSpan(0, append.Length);
        if (append.Offset == 0)
        {
            Sync(); // the new checkpoint tells of what was appended before it, so that must not be lost when the checkpoint is not
            files.Create(append.Segment, options.SegmentBytes);
            Invariant(WalSegmentHeader.TryRead(bytes, append.Segment, out WalSegmentHeader header, out _));
            known[append.Segment] = (header, int.MaxValue);
        }

        unsynced.Add(append.Segment); // before the write: a write that fails half-way is not synced either
        files.Write(append.Segment, append.Offset, bytes);
    }

    /// <summary>Makes all appends durable, oldest segment first, so that a segment never survives without the ones it follows.</summary>
    public void Sync()
    {
        while (unsynced.Count > 0)
        {
            files.Sync(unsynced.Min);
            unsynced.Remove(unsynced.Min);
        }
    }

    /// <summary>After a failure: what was not synced is left as it is. The checkpoint of the next segment tells what counts.</summary>
    public void AbandonUnsynced() => unsynced.Clear();

    public void Delete(long segment)
    {
        files.Delete(segment);
        known.Remove(segment);
        unsynced.Remove(segment);
    }

    /// <summary>Reads a synced section back, checksum and place checked.</summary>
    public SectionContent Read(SectionRequest request)
    {
        SectionPlace place = request.Place;
        byte[]? record = place.IsLost ? null : ReadRecord(place);
        if (record is null)
        {
            return new SectionContent(request, IsReadable: false, default, default);
        }

        int runsOffset = WalRecord.HeadBytes + WalRecord.SectionHeadBytes + place.DefinitionsLength;
        ReadOnlyMemory<byte> definitions = Definitions(record, place);
        if (request.Earlier.Count > 0)
        {
            var all = new byte[request.Earlier.Sum(e => e.DefinitionsLength) + place.DefinitionsLength];
            int length = 0;
            foreach (SectionPlace earlier in request.Earlier)
            {
                // Definitions that cannot be read are left out: the owner refuses what needs them, and only that is lost.
                byte[]? bytes = ReadRecord(earlier);
                if (bytes is not null)
                {
                    Definitions(bytes, earlier).CopyTo(all.AsMemory(length));
                    length += earlier.DefinitionsLength;
                }
            }

            definitions.CopyTo(all.AsMemory(length));
            definitions = all.AsMemory(0, length + definitions.Length);
        }

        return new SectionContent(request, IsReadable: true, definitions, record.AsMemory(runsOffset));
    }

    /// <summary>Reads up to 1 MiB of sections of a foreign segment.</summary>
    public ForeignRead ReadForeign(ForeignCursor from)
    {
        var sections = new List<ForeignSection>();
        if (!known.TryGetValue(from.Segment, out (WalSegmentHeader Header, int Limit) segment))
        {
            return new ForeignRead(sections, null);
        }

        var scanner = new WalScanner(files, segment.Header, segment.Limit, Math.Max(from.Offset, WalSegmentHeader.SizeBytes));
        int bytes = 0;
        while (scanner.MoveNext())
        {
            if (!WalRecord.TryReadSection(scanner.Body, out int shardId, out _, out int definitionsLength, out _))
            {
                continue;
            }

            ReadOnlyMemory<byte> content = scanner.Body[WalRecord.SectionHeadBytes..].ToArray();
            sections.Add(new ForeignSection(from.Segment, shardId, content[..definitionsLength], content[definitionsLength..]));
            bytes += content.Length;
            if (bytes >= ForeignBytesPerRead)
            {
                return new ForeignRead(sections, new ForeignCursor(from.Segment, scanner.End));
            }
        }

        return new ForeignRead(sections, null);
    }

    private static void Invariant(bool holds)
    {
        if (!holds)
        {
            throw new InvalidOperationException("a new segment must begin with its header");
        }
    }

    private static ReadOnlyMemory<byte> Definitions(byte[] record, in SectionPlace place) =>
        record.AsMemory(WalRecord.HeadBytes + WalRecord.SectionHeadBytes, place.DefinitionsLength);

    private byte[]? ReadRecord(in SectionPlace place)
    {
        if (!known.TryGetValue(place.Segment, out (WalSegmentHeader Header, int Limit) segment))
        {
            return null;
        }

        var record = new byte[WalRecord.HeadBytes + place.BodyLength];
        int read = files.Read(place.Segment, place.Offset, record);
        ReadOnlySpan<byte> body = record.AsSpan(WalRecord.HeadBytes);
        bool good = read == record.Length
            && BitConverter.ToUInt32(record, 8) == segment.Header.Checksum(place.Offset, body)
            && WalRecord.TryReadSection(body, out int shardId, out long seq, out int definitionsLength, out _)
            && shardId == place.ShardId && seq == place.Seq && definitionsLength == place.DefinitionsLength;
        return good ? record : null;
    }

    private void ReadHeaders(WalRecovery recovery)
    {
        var bytes = new byte[WalSegmentHeader.SizeBytes + WalRecord.HeadBytes];
        foreach (WalFile file in files.List())
        {
            recovery.NextSegment = Math.Max(recovery.NextSegment, file.Segment + 1);
            int limit = (int)Math.Min(file.SizeBytes, int.MaxValue);
            int read = files.Read(file.Segment, 0, bytes);
            if (WalSegmentHeader.TryRead(bytes.AsSpan(0, read), file.Segment, out WalSegmentHeader header, out int copies))
            {
                known[file.Segment] = (header, limit);
                if (copies < 2 && read >= WalSegmentHeader.SizeBytes)
                {
                    bool isTorn = !bytes.AsSpan(WalSegmentHeader.SizeBytes, read - WalSegmentHeader.SizeBytes).ContainsAnyExcept((byte)0);
                    recovery.Damage.Add(new WalDamage(file.Segment, 0, WalSegmentHeader.CopyBytes, isTorn, "two copies of the header", "one"));
                }
            }
            else if (bytes.AsSpan(0, read).LastIndexOfAnyExcept((byte)0) is int last && last >= WalSegmentHeader.CopyBytes)
            {
                recovery.Damage.Add(new WalDamage(file.Segment, 0, limit, IsTail: false, "a segment header", "other bytes; the file is set aside"));
                files.SetAside(file.Segment);
            }
            else
            {
                // Created, and the crash came before its first write, or tore that within the first copy of the header.
                if (last >= 0)
                {
                    recovery.Damage.Add(new WalDamage(file.Segment, 0, last + 1, IsTail: true, "a segment header", "its beginning"));
                }

                files.Delete(file.Segment);
            }
        }
    }

    private Guid OpenIdentity(bool newIdentity, WalRecovery recovery)
    {
        byte[]? bytes = newIdentity ? null : files.ReadIdentity();
        if (bytes is not null && Guid.TryParseExact(Encoding.ASCII.GetString(bytes).Trim(), "D", out Guid id))
        {
            return id;
        }

        if (bytes is not null)
        {
            recovery.Damage.Add(new WalDamage(0, 0, bytes.Length, IsTail: false, "a UUID in collector.id", "other bytes; the newest segment's is taken"));
        }

        if (!newIdentity && known.Count > 0)
        {
            id = known[known.Keys.Max()].Header.CollectorId;
        }
        else
        {
            Span<byte> fresh = stackalloc byte[16];
            random.NextBytes(fresh);
            fresh[6] = (byte)((fresh[6] & 0x0f) | 0x40); // version 4, RFC 9562 section 5.4
            fresh[8] = (byte)((fresh[8] & 0x3f) | 0x80);
            id = new Guid(fresh, bigEndian: true);
        }

        files.WriteIdentity(Encoding.ASCII.GetBytes(id.ToString("D") + "\n"));
        return id;
    }

    // The newest checkpoint says which older segments count and where they end. Without one (damage, or a first start) all count to their end.
    // Gives that checkpoint's segment, 0 when there is none: nothing in a segment after it was ever acknowledged, as a segment's checkpoint and
    // its first batch are one write.
    private long DropVoidSegments()
    {
        var ends = new Dictionary<long, int>();
        foreach (long newest in known.Keys.OrderDescending().ToArray())
        {
            (WalSegmentHeader header, int limit) = known[newest];
            var scanner = new WalScanner(files, header, limit);
            ends.Clear();
            if (scanner.MoveNext() && scanner.Offset == WalSegmentHeader.SizeBytes && WalRecord.TryReadCheckpoint(scanner.Body, ends, []))
            {
                foreach (long older in known.Keys.Where(s => s < newest).ToArray())
                {
                    if (ends.TryGetValue(older, out int end))
                    {
                        known[older] = (known[older].Header, Math.Min(end, known[older].Limit));
                    }
                    else
                    {
                        Delete(older);
                    }
                }

                return newest;
            }
        }

        return 0;
    }

    private void ScanOwn(in WalSegmentHeader header, int limit, bool isEnd, WalRecovery recovery)
    {
        var numbers = new List<ShardNumbers>();
        var ends = new Dictionary<long, int>();
        var scanner = new WalScanner(files, header, limit);
        while (scanner.MoveNext())
        {
            if (WalRecord.TryReadSection(scanner.Body, out int shardId, out long seq, out int definitionsLength, out bool beginsSpan))
            {
                recovery.AddSection(
                    new SectionPlace(shardId, seq, header.Segment, scanner.Offset, scanner.BodyLength, definitionsLength, beginsSpan));
            }
            else if (WalRecord.TryReadCheckpoint(scanner.Body, ends, numbers))
            {
                numbers.ForEach(recovery.AddNumbers);
                numbers.Clear();
            }
        }

        // A tail is torn only where the log ended; an older segment's end was synced, so the same bytes there are a loss.
        recovery.Damage.AddRange(scanner.Damage.Select(d => d with { IsTail = d.IsTail && isEnd }));
        recovery.Segments.Add(new SegmentEnd(header.Segment, scanner.End));
        known[header.Segment] = (header, scanner.End);
    }
}
