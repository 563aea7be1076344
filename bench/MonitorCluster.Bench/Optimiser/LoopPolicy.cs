using MonitorCluster.Cluster.Sharding.Balance;

namespace MonitorCluster.Bench.Optimiser;

/// <summary>Decides in the closed loop which shards move, and carries the moves out at the production's pace.</summary>
internal abstract class LoopPolicy(SimulatedCluster cluster)
{
    private readonly MovePace pace = new(new PaceLimits());
    private readonly List<BalanceMove> queue = [];

    protected SimulatedCluster Cluster { get; } = cluster;

    protected bool IsMoving => queue.Count > 0 || Cluster.MovingCount > 0;

    /// <summary>Once each window of 10 s, after the measurements have come.</summary>
    public abstract void Decide(double now);

    /// <summary>Once a second.</summary>
    public void Step(double now)
    {
        if (!IsMoving)
        {
            return;
        }

        foreach ((BalanceMove move, bool isDone) in Cluster.Ended(now))
        {
            if (isDone)
            {
                var pause = TimeSpan.FromSeconds(MoveCost.PauseSeconds(Cluster.Memory[move.ShardId], SimulatedCluster.TruePauses));
                pace.Ended(move, pause, expected: pause, isFlushNormal: true);
            }
            else
            {
                pace.Cancelled(move);
            }

            Ended(move, isDone, now);
        }

        for (int at = 0; at < queue.Count;)
        {
            BalanceMove move = queue[at];
            if (Cluster.Owner[move.ShardId] != move.From || !Cluster.IsAlive((int)move.To))
            {
                queue.RemoveAt(at);
            }
            else if (pace.MayBegin(move))
            {
                pace.Began(move);
                Cluster.Begin(move, now);
                queue.RemoveAt(at);
            }
            else
            {
                at++;
            }
        }
    }

    protected void Enqueue(IEnumerable<BalanceMove> moves) => queue.AddRange(moves);

    protected virtual void Ended(BalanceMove move, bool isDone, double now)
    {
    }

    protected static BalanceMove MoveOf(int shard, int? from, int to) => new(shard, from, to, 0, 0, default);

    /// <summary>Gives shards without owner to the live node with the fewest.</summary>
    protected void PlaceByCount(double now)
    {
        int[] counts = new int[Cluster.Since.Count];
        foreach (int owner in Cluster.Owner.Where(owner => owner >= 0))
        {
            counts[owner]++;
        }

        for (int shard = 0; shard < Cluster.Owner.Length; shard++)
        {
            if (Cluster.Owner[shard] < 0)
            {
                int to = Enumerable.Range(0, counts.Length).Where(Cluster.IsAlive).MinBy(node => counts[node]);
                counts[to]++;
                Cluster.Assign(MoveOf(shard, null, to), now);
            }
        }
    }
}

/// <summary>Moves only so that all nodes hold the same number of shards, as sharding by count does.</summary>
internal sealed class CountPolicy(SimulatedCluster cluster) : LoopPolicy(cluster)
{
    public override void Decide(double now)
    {
        PlaceByCount(now);
        if (!IsMoving)
        {
            int[] alive = [.. Enumerable.Range(0, Cluster.Since.Count).Where(Cluster.IsAlive)];
            Enqueue(NaiveMoves.ByCount(Cluster.Owner, alive).Select(move => MoveOf(move.Shard, move.From, move.To)));
        }
    }
}

/// <summary>Acts on the last measurement as it comes: random shards of the hottest node go to the better of two random nodes.</summary>
internal sealed class TwoChoicesPolicy(SimulatedCluster cluster, int seed) : LoopPolicy(cluster)
{
    private readonly Random random = new(seed + 4_000_037);

    public override void Decide(double now)
    {
        PlaceByCount(now);
        if (!IsMoving && Cluster.Seen is { } seen)
        {
            int[] alive = [.. Enumerable.Range(0, Cluster.Since.Count).Where(Cluster.IsAlive)];
            Enqueue(NaiveMoves.TwoChoices(Cluster.Owner, seen.Cpu, alive, 1.05, movesMax: 64, random).Select(move => MoveOf(move.Shard, move.From, move.To)));
        }
    }
}
