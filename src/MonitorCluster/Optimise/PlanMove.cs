namespace MonitorCluster.Optimise;

/// <summary>How far a move of a plan is.</summary>
internal enum MoveProgress
{
    /// <summary>Still to be begun.</summary>
    Wanted,

    /// <summary>The target loads the shard.</summary>
    Moving,

    /// <summary>The target owns it.</summary>
    Done,

    /// <summary>Given up: cancelled, overtaken, or no longer possible.</summary>
    Failed,
}

/// <summary>One move of a plan and how far it is. Immutable.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="From">Its owner when the plan was made.</param>
/// <param name="To">The member that is to own it.</param>
/// <param name="Gain">By how much the objective falls; of moves that undo, 0.</param>
/// <param name="Reason">Why, for people.</param>
/// <param name="Progress">How far it is.</param>
internal sealed record PlanMove(int Shard, long From, long To, double Gain, string Reason, MoveProgress Progress = MoveProgress.Wanted)
{
    /// <summary>Whether nothing more will happen.</summary>
    public bool HasEnded => Progress is MoveProgress.Done or MoveProgress.Failed;

    /// <summary>The way back.</summary>
    public PlanMove Inverse(string why) => new(Shard, To, From, 0, why);
}

/// <summary>What is kept of a plan that is under way: enough for another controller to carry on.</summary>
/// <param name="Moves">Its moves, in the order in which they are to be made.</param>
/// <param name="Undo">The moves that undo it, once it is rolled back; empty before.</param>
/// <param name="Why">Why it ended, or is rolled back, for people; empty before.</param>
/// <param name="ExpectedGain">By how much the imbalance should fall.</param>
internal sealed record PlanProgress(IReadOnlyList<PlanMove> Moves, IReadOnlyList<PlanMove> Undo, string Why, double ExpectedGain);
