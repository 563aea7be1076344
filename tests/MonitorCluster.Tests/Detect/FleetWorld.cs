using MonitorCluster.Alert;
using MonitorCluster.Detect;

namespace MonitorCluster.Tests.Detect;

/// <summary>A fleet of hosts, the store's open alerts and log, and whoever holds the lease.</summary>
internal sealed class FleetWorld(int hosts)
{
    public const long Start = 1_700_000_100_000; // the beginning of a window

    private FleetState state = NewState();

    public long NowMs { get; private set; } = Start;

    public List<AlertRecord> Open { get; } = [];

    public List<AlertRecord> Log { get; } = [];

    /// <summary>Whether what is decided is not written.</summary>
    public bool IsStoreLost { get; set; }

    public IReadOnlyList<AlertRecord> Told => [.. Log.Where(a => a.Notify)];

    public static string Host(int number) => $"web-{number:000}";

    /// <summary>A metric that is unusual on some hosts.</summary>
    public MetricSignals Signals(string metric, IEnumerable<int> on, long? sinceMs = null)
    {
        SignalHost[] named = [.. on.Select(h => new SignalHost(Host(h), sinceMs ?? NowMs - 5_000))];
        return new MetricSignals(metric, hosts, hosts, named.Length, [.. named.OrderBy(h => h.Name, StringComparer.Ordinal).Take(MetricSignals.NamedMax)]);
    }

    /// <summary>Lets the holder look, every ten seconds.</summary>
    public void Look(int times, params MetricSignals[] signals) => Look(times, isPart: false, signals);

    public void Look(int times, bool isPart, params MetricSignals[] signals)
    {
        for (int i = 0; i < times; i++)
        {
            foreach (FleetChange change in state.Look([.. Open], new FleetSignals(0, signals, isPart), NowMs))
            {
                Write(change);
            }

            NowMs += 10_000;
        }
    }

    /// <summary>Another node is the controller from now on.</summary>
    public void FailOver() => state = NewState();

    /// <summary>A person takes an incident in hand, at any node.</summary>
    public void Acknowledge(string id)
    {
        int at = Open.FindIndex(a => a.Id == id);
        Open[at] = Open[at] with { Status = AlertStatus.Acknowledged, AcknowledgedBy = "ann", Seq = Log.Count + 1 };
        Log.Add(Open[at]);
    }

    private static FleetState NewState() => new(new DetectOptions().ToSettings(), new DetectOptions().BudgetShare());

    // As the store does.
    private void Write(FleetChange change)
    {
        if (IsStoreLost)
        {
            return;
        }

        Assert.Equal(change.Entry is null, change.Alert.Seq is not null);
        string id = change.Alert.Id.Length > 0 ? change.Alert.Id : $"c-{Log.Count + 1}";
        long? seq = change.Entry is null ? change.Alert.Seq : Log.Count + 1;
        if (change.Entry is { } entry)
        {
            Log.Add(entry with { Id = id, Seq = seq });
        }

        Open.RemoveAll(a => a.Id == id);
        if (change.Alert.Status != AlertStatus.Resolved)
        {
            Open.Add(RoundTrip(change.Alert with { Id = id, Seq = seq }));
        }
    }

    private static AlertRecord RoundTrip(AlertRecord alert)
    {
        Assert.True(AlertJson.TryRead(AlertJson.ToBytes(alert), out AlertRecord? read));
        return read!;
    }
}
