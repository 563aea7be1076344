using Microsoft.Data.Sqlite;

namespace MonitorCluster.SimulationTests.OneNode;

/// <summary>What the world does to the program, drawn from the seed. One for all machines of a world.</summary>
internal sealed class SimFaults(Random random, VirtualTimeProvider time)
{
    private const int DiskIoError = 10;
    private const int CannotOpen = 14;
    private DateTimeOffset storeAwayUntil;
    private DateTimeOffset linkCutUntil;

    /// <summary>Commits that were made and looked as if they had failed.</summary>
    public int UnknownOutcomes { get; private set; }

    /// <summary>Whether anything goes wrong.</summary>
    public bool IsOn { get; set; } = true;

    public void StoreAway(TimeSpan duration) => storeAwayUntil = time.GetUtcNow() + duration;

    public void CutLink(TimeSpan duration) => linkCutUntil = time.GetUtcNow() + duration;

    /// <summary>Called before every statement: the store may be away, or fail just now, or take its time.</summary>
    public void BeforeStatement()
    {
        if (!IsOn)
        {
            return;
        }

        if (time.GetUtcNow() < storeAwayUntil)
        {
            throw new SqliteException("the store is away (simulated)", CannotOpen);
        }

        int dice = random.Next(4_000);
        if (dice < 2)
        {
            throw new SqliteException("the statement failed (simulated)", DiskIoError);
        }

        if (dice == 2)
        {
            time.MoveTo(time.GetUtcNow() + TimeSpan.FromMilliseconds(random.Next(3_000))); // nobody runs meanwhile, all timers are late
        }
    }

    /// <summary>Runs a commit that may fail before it is one, or whose reply may be lost.</summary>
    public T Commit<T>(Func<T> commit)
    {
        int dice = IsOn ? random.Next(100) : 99;
        if (dice < 2)
        {
            throw new SqliteException("the store failed before the commit (simulated)", DiskIoError);
        }

        T result = commit();
        if (dice < 5)
        {
            UnknownOutcomes++;
            throw new SqliteException("the commit's reply was lost (simulated)", DiskIoError);
        }

        return result;
    }

    /// <summary>How often a message between collector and region arrives.</summary>
    public int Deliveries()
    {
        if (!IsOn)
        {
            return 1;
        }

        return time.GetUtcNow() < linkCutUntil ? 0 : random.Next(80) switch { 0 => 0, 1 => 2, _ => 1 };
    }
}
