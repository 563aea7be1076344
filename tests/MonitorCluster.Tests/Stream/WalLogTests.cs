using MonitorCluster.Cluster.Transport;
using MonitorCluster.SimulationTests.Stream;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Stream;

public sealed class WalLogTests
{
    private readonly WalOptions options = new() { SegmentBytes = 64 << 10 };
    private readonly StreamCounters counters = new();

    [Fact]
    public void Open_EveryCut_GivesAPrefixAndReportsTheTail()
    {
        (MemoryWalFiles written, List<string> expected) = Write(sections: 100);
        byte[] bytes = written.Bytes(1);
        IReadOnlyList<SectionPlace> places = Reopen(written, bytes).Recovery.Sections;
        for (int length = 0; length < bytes.Length; length += length < 4096 ? 1 : 13)
        {
            (List<string> found, WalRecovery recovery) = Reopen(written, bytes[..length]);

            Assert.Equal(expected.Take(places.Count(p => p.Offset + WalRecord.HeadBytes + p.BodyLength <= length)), found);
            Assert.True(recovery.Damage.Count <= 1);
        }
    }

    [Fact]
    public void Open_OneBitFlippedAnywhere_LosesOneRecordAndSaysSo()
    {
        (MemoryWalFiles written, List<string> expected) = Write(sections: 100);
        byte[] bytes = written.Bytes(1);
        SectionPlace[] places = [.. Reopen(written, bytes).Recovery.Sections];
        var random = new Random(3);
        int tail = places[^1].Offset + places[^1].BodyLength + 64; // behind it all is zero, one byte like the other
        for (int at = 0; at < bytes.Length; at += at < tail ? 1 : 17)
        {
            byte bit = (byte)(1 << random.Next(8));
            bytes[at] ^= bit;

            WalRecovery recovery = Open(written, bytes, out WalLog log);

            Assert.True(recovery.Damage.Count == 1, $"offset {at}: {recovery.Damage.Count} places of damage reported");
            Assert.True(recovery.Sections.Count >= places.Length - 1, $"offset {at}: {places.Length - recovery.Sections.Count} records lost");
            Assert.True(recovery.Sections.All(places.Contains), $"offset {at}: a section that was never written");
            if (at % 64 == 0)
            {
                Assert.Empty(recovery.Sections.Select(p => Runs(log, p)).Except(expected));
            }

            bytes[at] ^= bit;
        }
    }

    [Fact]
    public void Open_FlipInTheMiddle_NamesPlaceExpectedAndFound()
    {
        (MemoryWalFiles written, _) = Write(sections: 3);
        byte[] bytes = written.Bytes(1);
        WalRecovery good = Reopen(written, bytes).Recovery;
        SectionPlace second = good.Sections[1];
        bytes[second.Offset + WalRecord.HeadBytes + 20] ^= 4;

        WalRecovery recovery = Reopen(written, bytes).Recovery;

        WalDamage damage = Assert.Single(recovery.Damage);
        Assert.Equal((1L, second.Offset, WalRecord.HeadBytes + second.BodyLength, false), (damage.Segment, damage.Offset, damage.SizeBytes, damage.IsTail));
        Assert.Contains("checksum", damage.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_BytesOfARecordInsideALabel_AreNoRecord()
    {
        (MemoryWalFiles source, _) = Write(sections: 1);
        byte[] forged = source.Bytes(1);
        (MemoryWalFiles written, List<string> expected) = Write(sections: 2, seed: 9);
        byte[] bytes = written.Bytes(1);
        SectionPlace last = Reopen(written, bytes).Recovery.Sections[^1];
        forged.AsSpan(WalSegmentHeader.SizeBytes, 200).CopyTo(bytes.AsSpan(last.Offset + 40));

        List<string> found = Reopen(written, bytes).Found;

        Assert.Equal(expected.Take(1), found);
    }

    [Fact]
    public void Open_IdentityFileUnreadable_TakesTheSegmentsIdentity()
    {
        (MemoryWalFiles written, _) = Write(sections: 1);
        Guid id = new WalLog(written, options, new Random(1)).Open(newIdentity: false).CollectorId;
        written.WriteIdentity("garbage"u8);

        WalRecovery recovery = new WalLog(written, options, new Random(2)).Open(newIdentity: false);

        Assert.Equal(id, recovery.CollectorId);
        Assert.Single(recovery.Damage);
    }

    [Fact]
    public void Open_NewIdentity_GivesForeignSegmentsWithAllSections()
    {
        (MemoryWalFiles written, List<string> expected) = Write(sections: 5);
        var log = new WalLog(written, options, new Random(4));

        WalRecovery recovery = log.Open(newIdentity: true);
        ForeignRead read = log.ReadForeign(new ForeignCursor(Assert.Single(recovery.ForeignSegments), 0));

        Assert.Empty(recovery.Sections);
        Assert.Null(read.Next);
        Assert.Equal(expected, read.Sections.Select(s => Convert.ToHexString(s.Runs.Span)));
    }

    [Fact]
    public void DiskFiles_WriteSyncReopen_GivesTheSameSections()
    {
        string directory = Directory.CreateTempSubdirectory("mc-wal-").FullName;
        try
        {
            List<string> expected;
            using (var files = new DiskWalFiles(directory))
            {
                expected = Fill(files, sections: 20, seed: 1);
                Assert.Throws<IOException>(() => new DiskWalFiles(directory));
            }

            using var again = new DiskWalFiles(directory);
            (List<string> found, WalRecovery recovery) = ReadAll(again);
            Assert.Equal(expected, found);
            Assert.Empty(recovery.Damage);
            again.Delete(1);
            Assert.Empty(again.List());
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void Open_KilledBeforeTheFsync_SyncsWhatItFound()
    {
        var files = new MemoryWalFiles(new Random(4)) { LiesAboutSync = true }; // as if the process had been killed before each fsync
        List<string> expected = Fill(files, sections: 20, seed: 4);
        files.LiesAboutSync = false;

        (List<string> found, _) = ReadAll(files);
        files.Crash();

        Assert.Equal(expected, found);
        Assert.Equal(expected, ReadAll(files).Found); // what was found is sent, so it must survive a power loss after that
    }

    [Fact]
    public void Open_FirstWriteOfTheNewestSegmentTorn_CallsItATail()
    {
        (MemoryWalFiles written, List<string> expected) = Write(sections: 3);
        byte[] first = written.Bytes(1);
        for (int length = 1; length <= WalSegmentHeader.SizeBytes + 20; length++)
        {
            var files = new MemoryWalFiles(new Random(1));
            written.CopyTo(files);
            byte[] torn = new byte[first.Length];
            WriteHeader(first, segment: 2)[..Math.Min(length, WalSegmentHeader.SizeBytes)].CopyTo(torn, 0);
            torn.AsSpan(Math.Min(length, WalSegmentHeader.SizeBytes), length - Math.Min(length, WalSegmentHeader.SizeBytes)).Fill(7);
            files.Replace(2, torn);

            (List<string> found, WalRecovery recovery) = ReadAll(files);

            Assert.Equal(expected, found);
            Assert.All(recovery.Damage, d => Assert.True(d.IsTail, $"{length} bytes: {d}"));
            Assert.Empty(files.SetAsideSegments);
        }
    }

    [Fact]
    public void Open_NewestSegmentHasNoCheckpoint_TheTornTailBeforeItIsNoLoss()
    {
        (MemoryWalFiles written, List<string> expected) = Write(sections: 3);
        byte[] first = written.Bytes(1);
        SectionPlace last = Reopen(written, first).Recovery.Sections[^1];
        first[last.Offset + WalRecord.HeadBytes + last.BodyLength + 5] = 9; // a write that failed half-way; the next segment's failed, too
        byte[] second = new byte[first.Length];
        WriteHeader(first, segment: 2).CopyTo(second, 0);
        var files = new MemoryWalFiles(new Random(1));
        files.WriteIdentity(written.ReadIdentity());
        files.Replace(1, first);
        files.Replace(2, second);

        (List<string> found, WalRecovery recovery) = ReadAll(files);

        Assert.Equal(expected, found);
        Assert.True(Assert.Single(recovery.Damage).IsTail);
    }

    [Fact]
    public void Open_SegmentOfVersion1_IsRead()
    {
        (MemoryWalFiles written, List<string> expected) = Write(sections: 3);
        byte[] bytes = written.Bytes(1);
        foreach (int start in (int[])[0, WalSegmentHeader.CopyBytes])
        {
            bytes[start + 6] = 1;
            uint crc = Crc32C.Finish(Crc32C.Add(Crc32C.Start, bytes.AsSpan(start, 60)));
            BitConverter.TryWriteBytes(bytes.AsSpan(start + 60), crc);
        }

        (List<string> found, WalRecovery recovery) = Reopen(written, bytes);

        Assert.Equal(expected, found);
        Assert.Empty(recovery.Damage);
    }

    [Fact]
    public void Open_SegmentOfVersion3_IsSetAside()
    {
        (MemoryWalFiles written, _) = Write(sections: 3);
        byte[] bytes = written.Bytes(1);
        foreach (int start in (int[])[0, WalSegmentHeader.CopyBytes])
        {
            bytes[start + 6] = 3;
            uint crc = Crc32C.Finish(Crc32C.Add(Crc32C.Start, bytes.AsSpan(start, 60)));
            BitConverter.TryWriteBytes(bytes.AsSpan(start + 60), crc);
        }

        Assert.Empty(Reopen(written, bytes).Found);
    }

    private static byte[] WriteHeader(byte[] ofSameCollector, long segment)
    {
        Assert.True(WalSegmentHeader.TryRead(ofSameCollector, 1, out WalSegmentHeader header, out _));
        byte[] bytes = new byte[WalSegmentHeader.SizeBytes];
        (header with { Segment = segment, Salt = 0x1234_5678_9abc_def0 }).Write(bytes);
        return bytes;
    }

    private (MemoryWalFiles Files, List<string> Expected) Write(int sections, int seed = 1)
    {
        var files = new MemoryWalFiles(new Random(seed));
        return (files, Fill(files, sections, seed));
    }

    // What the log of one segment holds, as the runs of each section in order.
    private List<string> Fill(IWalFiles files, int sections, int seed)
    {
        var random = new Random(seed);
        var log = new WalLog(files, options, random);
        var state = new CollectorState(options, counters, random);
        state.Start(log.Open(newIdentity: false), 0);
        var catalog = new SeriesCatalog(1000, (_, _) => 7);
        var places = new List<SectionPlace>();
        for (int i = 0; i < sections; i++)
        {
            var batch = new SampleBatch();
            for (int s = 0; s < 40; s++)
            {
                Assert.True(catalog.TryIntern(LabelSet.Create("m" + random.Next(30), ("host", "a")), out CollectedSeries? series));
                batch.Add(series, 1000L * i, random.NextDouble());
            }

            Assert.Null(state.Submit(batch, "native", new BatchWaiter(this, null, false, batch.Count), 0, out WalAppend? append));
            log.Append(append!);
            log.Sync();
            state.OnSynced(append!.Lsn, places, []);
        }

        return [.. places.Select(p => Runs(log, p))];
    }

    private WalRecovery Open(MemoryWalFiles original, byte[] bytes, out WalLog log)
    {
        var files = new MemoryWalFiles(new Random(1));
        files.WriteIdentity(original.ReadIdentity());
        files.Replace(1, bytes);
        log = new WalLog(files, options, new Random(5));
        return log.Open(newIdentity: false);
    }

    private (List<string> Found, WalRecovery Recovery) Reopen(MemoryWalFiles original, byte[] bytes)
    {
        var files = new MemoryWalFiles(new Random(1));
        original.CopyTo(files);
        files.Replace(1, bytes);
        return ReadAll(files);
    }

    private (List<string> Found, WalRecovery Recovery) ReadAll(IWalFiles files)
    {
        var log = new WalLog(files, options, new Random(5));
        WalRecovery recovery = log.Open(newIdentity: false);
        return ([.. recovery.Sections.Select(p => Runs(log, p))], recovery);
    }

    private static string Runs(WalLog log, SectionPlace place)
    {
        SectionContent content = log.Read(new SectionRequest(place, 1, []));
        Assert.True(content.IsReadable);
        return Convert.ToHexString(content.Runs.Span);
    }
}
