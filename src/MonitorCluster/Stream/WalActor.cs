using System.Buffers;
using Microsoft.Extensions.Logging;

namespace MonitorCluster.Stream;

/// <summary>Owns the WAL's files, on a thread of its own since it blocks. Appends that queue while an fsync runs share the next one.</summary>
internal sealed partial class WalActor : ReceiveActor
{
    private readonly WalLog log;
    private readonly StreamCounters counters;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private long appendedLsn;
    private long syncedLsn;
    private long generation; // how many failures the collector was told
    private bool isSyncQueued;

    public WalActor(WalLog log, StreamCounters counters, TimeProvider time, ILogger logger)
    {
        this.log = log;
        this.counters = counters;
        this.time = time;
        this.logger = logger;
        Receive<WalAppend>(OnAppend);
        Receive<SyncWal>(_ => OnSync());
        Receive<ReadSections>(OnRead);
        Receive<DeleteSegments>(OnDelete);
        Receive<OpenWal>(OnOpen);
        Receive<ReadForeign>(OnReadForeign);
    }

    private static bool IsDiskFailure(Exception e) => e is IOException or UnauthorizedAccessException;

    private void OnOpen(OpenWal open)
    {
        try
        {
            WalRecovery recovery = log.Open(open.NewIdentity);
            syncedLsn = appendedLsn = generation = 0; // a collector with another identity counts from the start
            Sender.Tell(new WalOpened(recovery), Self);
        }
        catch (Exception e) when (IsDiskFailure(e))
        {
            LogDiskFailed(e, "open the log");
            Sender.Tell(new WalOpenFailed(e.Message), Self);
        }
    }

    private void OnAppend(WalAppend append)
    {
        try
        {
            if (append.Generation != generation)
            {
                return; // the collector refuses it when it hears of the failure that this one followed
            }

            log.Append(append);
            appendedLsn = append.Lsn;
            if (!isSyncQueued)
            {
                isSyncQueued = true;
                Self.Tell(SyncWal.Instance, Self);
            }
        }
        catch (Exception e) when (IsDiskFailure(e))
        {
            Fail(e, append.Lsn);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(append.Buffer);
        }
    }

    private void OnSync()
    {
        isSyncQueued = false;
        if (appendedLsn == syncedLsn)
        {
            return;
        }

        try
        {
            long start = time.GetTimestamp();
            log.Sync();
            counters.SyncSecondsTotal += time.GetElapsedTime(start).TotalSeconds;
            counters.SyncsTotal++;
            syncedLsn = appendedLsn;
            Context.Parent.Tell(new WalSynced(syncedLsn), Self);
        }
        catch (Exception e) when (IsDiskFailure(e))
        {
            Fail(e, appendedLsn);
        }
    }

    // After a failed fsync the kernel may have dropped the pages and call them clean, so nothing unsynced is believed any more, nor synced
    // again: the collector refuses those batches and goes on in a new segment. Source: "fsyncgate", PostgreSQL wiki, Fsync Errors.
    private void Fail(Exception e, long lsn)
    {
        LogDiskFailed(e, "write the log");
        generation++;
        appendedLsn = syncedLsn;
        log.AbandonUnsynced();
        Context.Parent.Tell(new WalFailed(lsn, e.Message), Self);
    }

    private void OnRead(ReadSections read)
    {
        try
        {
            var contents = new SectionContent[read.Requests.Count];
            for (int i = 0; i < contents.Length; i++)
            {
                contents[i] = log.Read(read.Requests[i]);
                if (!contents[i].IsReadable)
                {
                    SectionPlace place = read.Requests[i].Place;
                    counters.CorruptPlacesTotal += place.IsLost ? 0 : 1;
                    LogSectionLost(place.ShardId, place.Seq, place.Segment, place.Offset);
                }
            }

            Sender.Tell(new SectionsRead(contents, read.Tag), Self);
        }
        catch (Exception e) when (IsDiskFailure(e))
        {
            LogDiskFailed(e, "read the log");
            Sender.Tell(new ReadSectionsFailed(read.Requests, e.Message, read.Tag), Self);
        }
    }

    private void OnReadForeign(ReadForeign read)
    {
        try
        {
            Sender.Tell(log.ReadForeign(read.From), Self);
        }
        catch (Exception e) when (IsDiskFailure(e))
        {
            LogDiskFailed(e, "read the log");
            Sender.Tell(new ForeignReadFailed(), Self);
        }
    }

    private void OnDelete(DeleteSegments delete)
    {
        foreach (long segment in delete.Segments)
        {
            try
            {
                log.Delete(segment);
            }
            catch (Exception e) when (IsDiskFailure(e))
            {
                LogDiskFailed(e, "delete a segment"); // the next start finds it void and deletes it
            }
        }
    }

    [LoggerMessage(EventId = 3101, Level = LogLevel.Error, Message = "The disk of the WAL failed to {What}")]
    private partial void LogDiskFailed(Exception e, string what);

    [LoggerMessage(EventId = 3102, Level = LogLevel.Error,
        Message = "Section {Seq} of shard {ShardId} cannot be read back (segment {Segment}, offset {Offset}): it is sent without samples")]
    private partial void LogSectionLost(int shardId, long seq, long segment, int offset);
}
