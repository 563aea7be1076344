using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Cluster.Storage;

/// <content>
/// The race that the fence is there for: an owner flushes while another takes its shard over. A take-over is bad when a row of an older epoch appears after
/// the new owner has loaded the shard: that owner would never see it. The checker is shown to find such take-overs when the transaction is taken away.
/// </content>
public abstract partial class StoreConformanceTests
{
    private const int RaceShard = 1;

    [ConformanceFact]
    public void Race_TakeOversWhileTheOwnerFlushes_NeverMissARow()
    {
        const int TakeOvers = 40;
        SqlStore controller = OpenStore();
        SqlStore writer = NewStore();
        StartAlone(controller);
        List<(long Epoch, int Rows)> seen = [];
        bool done = false;
        int flushed = 0;
        using AutoResetEvent flushedAgain = new(initialState: false);

        Thread flushing = new(() =>
        {
            while (!Volatile.Read(ref done))
            {
                ShardLoad before = writer.LoadShard(RaceShard)!;
                bool lost = writer.Flush(Flush(before.Owner!.Value, Row(RaceShard, before.Epoch, before.LastJseq + 1))).FencedShards.Count > 0;
                if (!lost)
                {
                    Interlocked.Increment(ref flushed);
                    flushedAgain.Set();
                }
            }
        });
        flushing.Start();
        try
        {
            for (int n = 0; n < TakeOvers; n++)
            {
                Assert.True(flushedAgain.WaitOne(TimeSpan.FromSeconds(30)), $"no flush got through after take-over {n}, so nothing is raced");
                long owner = controller.LoadShard(RaceShard)!.Owner!.Value;
                TakeOver(controller, owner, 2 + (n % 2));
                seen.Add(RowsOfOlderEpochs(controller));
            }
        }
        finally
        {
            Volatile.Write(ref done, true);
            flushing.Join();
        }

        Assert.Equal(0, BadTakeOvers(controller, seen));
        Assert.True(flushed >= TakeOvers, $"{flushed} flushes for {TakeOvers} take-overs");
    }

    [ConformanceFact]
    public void Race_TakeOverBetweenFenceAndInsert_IsBadOnlyWithoutTheTransaction()
    {
        // The same production code, but each statement commits by itself: the fence is checked, then held by nothing.
        StoreDialect unfenced = Connections.Dialect with { BeginWrite = "SELECT 1", Commit = "SELECT 1" };

        Assert.Equal(1, TakeOverBetweenFenceAndInsert(unfenced));
    }

    [ConformanceFact]
    public void Race_TakeOverBetweenFenceAndInsert_HasToWait() =>
        Assert.Equal(0, TakeOverBetweenFenceAndInsert(Connections.Dialect));

    /// <summary>Starts a take-over on another connection when the flush has passed the fence and is about to insert.</summary>
    /// <returns>The bad take-overs that the checker finds.</returns>
    private int TakeOverBetweenFenceAndInsert(StoreDialect dialect)
    {
        SqlStore controller = OpenStore();
        long first = StartAlone(controller);
        List<(long Epoch, int Rows)> seen = [];
        Thread? taking = null;
        using ManualResetEventSlim started = new();
        HookedConnections hooks = new(Connections) { Dialect = dialect };
        hooks.Before = sql =>
        {
            if (sql.StartsWith("INSERT INTO journal", StringComparison.Ordinal))
            {
                taking = new Thread(() =>
                {
                    started.Set();
                    TakeOver(controller, first, 2);
                    seen.Add(RowsOfOlderEpochs(controller));
                });
                taking.Start();
                started.Wait();
                if (dialect.BeginWrite != Connections.Dialect.BeginWrite)
                {
                    taking.Join(); // nothing holds it up; with the fence, waiting here would be waiting for ourselves
                }
            }
        };

        NewStore(hooks).Flush(Flush(first, Row(RaceShard, 1, 1)));
        taking!.Join();

        Assert.Equal(2, Assert.Single(seen).Epoch);
        return BadTakeOvers(controller, seen);
    }

    /// <summary>Takes the shard over again and again, each time while a flush stands between fence and insert, and loads it at once as the new owner.</summary>
    /// <returns>The bad take-overs that the checker finds.</returns>
    private protected int TakeOversBetweenFenceAndInsert(StoreDialect dialect, int takeOvers)
    {
        SqlStore controller = OpenStore();
        StartAlone(controller);
        List<(long Epoch, int Rows)> seen = [];
        bool done = false;
        using AutoResetEvent between = new(initialState: false);
        using AutoResetEvent loaded = new(initialState: false);
        HookedConnections hooks = new(Connections) { Dialect = dialect };
        hooks.Before = sql =>
        {
            if (sql.StartsWith("INSERT INTO journal", StringComparison.Ordinal))
            {
                between.Set();
                loaded.WaitOne(TimeSpan.FromMilliseconds(10)); // with the fence nobody can load now, so this runs out
            }
        };
        SqlStore writer = NewStore(hooks);
        Exception? error = null;
        Thread flushing = new(() => error = Record.Exception(() =>
        {
            while (!Volatile.Read(ref done))
            {
                ShardLoad before = writer.LoadShard(RaceShard)!;
                writer.Flush(Flush(before.Owner!.Value, Row(RaceShard, before.Epoch, before.LastJseq + 1)));
            }
        }));
        flushing.Start();
        try
        {
            for (int n = 0; n < takeOvers; n++)
            {
                Assert.True(between.WaitOne(TimeSpan.FromSeconds(30)), $"no flush reached its insert after take-over {n}: {error}");
                TakeOver(controller, controller.LoadShard(RaceShard)!.Owner!.Value, 2 + (n % 2));
                seen.Add(RowsOfOlderEpochs(controller));
                loaded.Set();
            }
        }
        finally
        {
            Volatile.Write(ref done, true);
            flushing.Join();
        }

        Assert.Null(error);
        return BadTakeOvers(controller, seen);
    }

    private static (long Epoch, int Rows) RowsOfOlderEpochs(SqlStore store)
    {
        ShardLoad load = store.LoadShard(RaceShard)!;
        return (load.Epoch, load.Journal.Count(row => row.Epoch < load.Epoch));
    }

    private static int BadTakeOvers(SqlStore store, List<(long Epoch, int Rows)> seen)
    {
        IReadOnlyList<JournalRow> all = store.LoadShard(RaceShard)!.Journal;
        return seen.Count(takeOver => all.Count(row => row.Epoch < takeOver.Epoch) != takeOver.Rows);
    }
}
