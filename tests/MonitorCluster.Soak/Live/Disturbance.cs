namespace MonitorCluster.Soak.Live;

/// <summary>Something that happens to a machine, and what must be said of it. The families are written down here, before any run.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Families">Beginnings of metric names of which one must be among the first three members of the incident.</param>
/// <param name="IsOfTheMachine">Whether it strikes the machine that the nodes measure; else the target <see cref="Exporter.Host"/>.</param>
/// <param name="RunAsync">Strikes, lasts, and takes everything back; the token ends it early.</param>
internal sealed record Disturbance(string Name, IReadOnlyList<string> Families, bool IsOfTheMachine, Func<CancellationToken, Task> RunAsync)
{
    /// <summary>How long each lasts.</summary>
    public static readonly TimeSpan Lasts = TimeSpan.FromSeconds(45);
}
