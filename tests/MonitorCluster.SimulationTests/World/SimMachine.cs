using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Detect;
using MonitorCluster.Node;
using MonitorCluster.SimulationTests.Stream;
using MonitorCluster.Stream;

namespace MonitorCluster.SimulationTests.World;

/// <summary>A machine with a disk and a wrong clock, on which a node is started, killed and paused. Its samples come from a writer of its own.</summary>
internal abstract class SimMachine(string name, Simulation world, Random random, SimModel model)
{
    public string Name { get; } = name;

    public SimModel Model { get; } = model;

    public MemoryWalFiles Files { get; } = new(random) { LiesAboutSync = world.Mutation == Mutation.SendBeforeFsync };

    /// <summary>The process that runs, or is paused; null when there is none.</summary>
    public SimProcess? Process { get; private set; }

    /// <summary>Every process there ever was.</summary>
    public List<SimProcess> Processes { get; } = [];

    /// <summary>Stopped by a signal: its timers go on, it does not.</summary>
    public bool IsPaused { get; protected set; }

    public TimeSpan ClockOffset { get; private set; }

    /// <summary>Until when this machine, and no other, does not reach the store.</summary>
    public DateTimeOffset StoreCutUntil { get; set; }

    /// <summary>The identity of its data directory.</summary>
    public Guid DirectoryId { get; } = new(name[0], 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);

    /// <summary>The next process's way to others.</summary>
    public abstract INetwork Network { get; }

    protected Simulation World => world;

    public virtual void Start()
    {
        world.Say($"{Name} starts");
        IsPaused = false;
        Process = new SimProcess(this, world, random);
        Processes.Add(Process);
    }

    /// <summary>The process is gone between two messages of some actors.</summary>
    /// <param name="isPowerLoss">With it what the disk had not synced.</param>
    public virtual void Kill(bool isPowerLoss)
    {
        Process?.Kill();
        Process = null;
        IsPaused = false;
        if (isPowerLoss)
        {
            Files.Crash();
        }
    }

    public bool Step() => !IsPaused && Process is { } process && process.Threads.Step();

    public void JumpClock(TimeSpan by)
    {
        ClockOffset += by;
        Process?.Clock.Offset = ClockOffset;
    }

    public void Submit(SimBatch batch) => Process?.Submit(batch);

    /// <summary>The settings of the next process.</summary>
    public abstract NodeSettings Settings();

    /// <summary>Called for each new process before anything runs.</summary>
    public virtual void OnMade(NodeRuntime node)
    {
    }

    /// <summary>Intervals so short that a minute is long.</summary>
    protected static NodeSettings Hasty() => new()
    {
        Wal = new WalOptions
        {
            SegmentBytes = 6 << 10,
            IdleRotateBytes = 1 << 10,
            SectionBytesMax = 1 << 10,
            ShardWindowBytes = 4 << 10,
            AnswerTimeout = TimeSpan.FromSeconds(1),
            DurableTimeout = TimeSpan.FromSeconds(4),
        },
        Aggregate = new AggregateOptions
        {
            Retention = TimeSpan.FromHours(1),
            MemorySpan = TimeSpan.FromSeconds(12),
            FlushInterval = TimeSpan.FromMilliseconds(400),
            FlushBytes = 8 << 10,
            UnflushedBytesMax = 24 << 10,
            CutInterval = TimeSpan.FromSeconds(5),
            CutBytes = 8 << 10,
            LateSamplesMax = 40,
        },
        Detect = new DetectOptions
        {
            Step = TimeSpan.FromSeconds(1),
            LearningSteps = 10,
            RecoverSteps = 3,
            StuckSteps = 10,
            SilenceGrace = TimeSpan.FromSeconds(2),
        },
    };
}
