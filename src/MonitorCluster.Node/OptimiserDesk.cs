using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Optimise;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Node;

/// <summary>What people ask of the optimiser, in whatever way they ask. Safe for any thread.</summary>
/// <param name="supervisor">This node's supervisor, which knows or finds the one that does.</param>
/// <param name="reader">A store actor for reads.</param>
/// <param name="control">The store actor for the pause, which must not wait for reads.</param>
/// <param name="incarnation">This member's incarnation; 0 before it is one.</param>
/// <param name="committed">Hears the last number of the alert log after a write.</param>
/// <param name="time">The clock.</param>
internal sealed class OptimiserDesk(
    IActorRef supervisor, IActorRef reader, IActorRef control, Func<long> incarnation, Action<long> committed, TimeProvider time)
{
    /// <summary>Most plans that a history shows.</summary>
    public const int HistoryMax = 1_000;

    private const int TextMax = 200;
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Asks the optimiser, on whatever node it is.</summary>
    public Task<OptimiserReply> AskAsync(OptimiserWish wish, string by, CancellationToken cancellationToken) =>
        supervisor.Ask<OptimiserReply>(new OptimiserRequest(wish, Checked("by", by)), 2 * AnswerTimeout, cancellationToken);

    /// <summary>Whether it may begin anything, and its newest plans, newest first.</summary>
    public Task<(OptimiserPause Pause, IReadOnlyList<PlanRow> Plans)> ReadAsync(int limit, CancellationToken cancellationToken) =>
        StoreReads.AskAsync(reader, "plans", s => (s.OptimiserPause(), s.Plans(limit)), AnswerTimeout, cancellationToken);

    /// <summary>Stops it from beginning anything, on all nodes, or lets it go on.</summary>
    /// <returns>What was done.</returns>
    public async Task<string> PauseAsync(bool isPaused, string by, string note, CancellationToken cancellationToken)
    {
        long me = incarnation();
        (by, note) = (Checked("by", by), Checked("note", note));
        string entry = OptimiserWords.PauseEntry(isPaused, by, note, time.GetUtcNow().ToUnixTimeMilliseconds());
        (long? last, OptimiserPause pause) = await StoreReads.AskAsync(
            control, "pause-optimiser", s => (s.PauseOptimiser(me, isPaused, by, note, entry), s.OptimiserPause()), AnswerTimeout, cancellationToken);
        if (last is { } number)
        {
            committed(number);
        }

        string? released = isPaused ? null : (await AskAsync(OptimiserWish.Release, by, cancellationToken)).Text;
        if (last is not null)
        {
            return isPaused
                ? "paused: no move for balance begins and nothing is done to watched services, on any node; what has begun ends as planned"
                : $"the optimiser goes on; {released}";
        }

        return pause.IsPaused != isPaused ? throw new QueryException(QueryErrorKind.Unavailable, "this node is no member; ask another one")
            : isPaused ? $"it is paused already, by {pause.By}"
            : $"it was not paused; {released}";
    }

    private static string Checked(string field, string text) => text.Length <= TextMax
        ? text
        : throw new QueryException(QueryErrorKind.BadData, $"{field}: {text.Length} characters are more than {TextMax}");
}
