using Microsoft.Data.Sqlite;

namespace MonitorCluster.SimulationTests.World;

/// <summary>What the world does to the store and to the link of one node, drawn from the seed. One for all machines of a world.</summary>
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

    /// <summary>How often the store fails by itself.</summary>
    public SimStoreFailures Failures { get; set; } = SimStoreFailures.Often;

    public void StoreAway(TimeSpan duration) => storeAwayUntil = time.GetUtcNow() + duration;

    public void CutLink(TimeSpan duration) => linkCutUntil = time.GetUtcNow() + duration;

    /// <summary>Called before every statement: the store may be away, or fail just now, or take its time.</summary>
    /// <param name="cutUntil">Until when the asking machine does not reach the store.</param>
    public void BeforeStatement(DateTimeOffset cutUntil)
    {
        if (!IsOn)
        {
            return;
        }

        if (time.GetUtcNow() < storeAwayUntil || time.GetUtcNow() < cutUntil)
        {
            throw new SqliteException("the store is away (simulated)", CannotOpen);
        }

        int dice = random.Next(100_000);
        if (dice < Failures.Statements)
        {
            throw new SqliteException("the statement failed (simulated)", DiskIoError);
        }

        if (dice - Failures.Statements < Failures.Stalls)
        {
            time.MoveTo(time.GetUtcNow() + TimeSpan.FromMilliseconds(random.Next(3_000))); // nobody runs meanwhile, all timers are late
        }
    }

    /// <summary>Runs a commit that may fail before it is one, or whose reply may be lost.</summary>
    public T Commit<T>(Func<T> commit)
    {
        int dice = IsOn ? random.Next(1_000) : int.MaxValue;
        if (dice < Failures.Commits)
        {
            throw new SqliteException("the store failed before the commit (simulated)", DiskIoError);
        }

        T result = commit();
        if (dice < Failures.Commits + Failures.Replies)
        {
            UnknownOutcomes++;
            throw new SqliteException("the commit's reply was lost (simulated)", DiskIoError);
        }

        return result;
    }

    /// <summary>One of so many, while anything goes wrong.</summary>
    public bool IsOneOf(int many) => IsOn && random.Next(many) == 0;

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

/// <summary>How often the store fails by itself.</summary>
/// <param name="Statements">Statements that fail, of 100,000.</param>
/// <param name="Stalls">Statements, of 100,000, during which the whole world stands still for up to 3 s.</param>
/// <param name="Commits">Commits that fail before they are made, of 1,000.</param>
/// <param name="Replies">Commits whose reply is lost, of 1,000.</param>
internal sealed record SimStoreFailures(int Statements, int Stalls, int Commits, int Replies)
{
    public static readonly SimStoreFailures None = new(0, 0, 0, 0);

    /// <summary>As often as one node can bear and still get on.</summary>
    public static readonly SimStoreFailures Often = new(50, 25, 20, 30);
}
