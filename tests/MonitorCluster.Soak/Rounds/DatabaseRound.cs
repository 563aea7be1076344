using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Rounds;

/// <summary>The database is away: ended at once for 60 s, or stopped in its tracks for 20 s. Nodes go on accepting, and nobody is declared dead.</summary>
internal sealed class DatabaseRound(bool isPause) : Round
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TimeSpan _length = TimeSpan.FromSeconds(isPause ? 20 : 60);

    public override string Name => isPause ? "database-pause" : "database-stop";

    public override bool NeedsPostgres => true;

    // Flushes of what gathered, and the leases: all is as before well within this.
    public override double GapMaxSeconds => 30;

    public override ClusterNode[] Choose(RoundContext context) => [];

    public override IReadOnlyList<string> Untouched(RoundContext context, ClusterNode[] victims) => [];

    public override async Task<Strike> StrikeAsync(RoundContext context, ClusterNode[] victims)
    {
        PrivatePostgres database = context.Cluster.Postgres!;
        long before = context.Writer.Acknowledged;
        await (isPause ? database.PauseAsync() : database.StopNowAsync());

        // Not a wait for an effect: the length of the outage is the subject.
        await Task.Delay(_length);
        long during = context.Writer.Acknowledged - before;
        await (isPause ? database.ContinueAsync() : database.StartAgainAsync());
        double? gap = await context.MeasureGapAsync(context.World.Hosts, Patience, isDurable: true);
        List<string> faults = [];
        if (gap is null)
        {
            faults.Add($"nothing reached the journal within {Patience} of the database's return");
        }

        if (during == 0)
        {
            faults.Add("nothing was acknowledged while the database was away");
        }

        return new Strike { GapSeconds = gap, Faults = faults, Note = $"{during} samples acknowledged meanwhile" };
    }
}
