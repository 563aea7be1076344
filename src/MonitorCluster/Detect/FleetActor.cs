using Microsoft.Extensions.Logging;
using MonitorCluster.Alert;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Detect;

/// <summary>What the actor needs.</summary>
/// <param name="Options">Options.</param>
/// <param name="Control">The store actor of the controller's writes.</param>
/// <param name="Signals">Answers <see cref="AskFleetSignals"/>.</param>
/// <param name="Committed">Hears the last number of the alert log after a write of this node.</param>
/// <param name="Logger">For the rare line.</param>
internal sealed record FleetSetup(DetectOptions Options, IActorRef Control, IActorRef Signals, Action<long> Committed, ILogger Logger);

/// <summary>Looks at the whole fleet while this node holds the controller's lease: the shell of <see cref="FleetState"/>.</summary>
/// <remarks>
/// A look is four steps, each a message: (1) ask the store whether this node holds the lease, and which incidents are open; (2) ask all shards for
/// their signals; (3) decide; (4) write, fenced by the lease's epoch and by what was read in (1). Whatever fails ends the look, and the next one
/// begins at (1): a new holder, a lost answer and a refused write need nothing of their own. Every node asks (1), which is one small read.
/// </remarks>
internal sealed partial class FleetActor : ReceiveActor, IWithTimers
{
    /// <summary>What it listens to; subscribed by whoever makes it, before there is any.</summary>
    public static readonly IReadOnlyList<Type> Events = [typeof(MembershipReady)];

    private const int StuckLooks = 6; // every step answers within seconds; what does not by then was lost with its actor
    private static readonly TimeSpan LookMin = TimeSpan.FromSeconds(10);

    private readonly FleetSetup setup;
    private readonly ILogger logger;
    private readonly DetectorSettings settings;
    private FleetState state;
    private long incarnation;
    private long stateEpoch; // of the lease under which the state learnt
    private long look;
    private int waited;
    private ClusterAlertsView? view; // not null from step 2 on
    private IReadOnlyList<FleetChange> changes = [];

    public FleetActor(FleetSetup setup)
    {
        (this.setup, logger, settings) = (setup, setup.Logger, setup.Options.ToSettings());
        state = NewState();
        Receive<MembershipReady>(m =>
        {
            incarnation = m.Incarnation;
            if (setup.Options.Enabled)
            {
                Timers.StartPeriodicTimer("look", LookDue.Instance, setup.Options.Step > LookMin ? setup.Options.Step : LookMin);
            }
        });
        Receive<LookDue>(_ => Begin());
        Receive<StoreReply>(Take);
        Receive<StoreFailed>(m => End((long)m.Tag!)); // whether it was written says the next look
        Receive<FleetSignals>(Decide);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private FleetState NewState() => new(settings, setup.Options.BudgetShare());

    // :: Step 1 of a look
    private void Begin()
    {
        if (waited > 0 && waited++ < StuckLooks)
        {
            return;
        }

        (long me, view, waited) = (incarnation, null, 1);
        setup.Control.Tell(new StoreCommand("cluster-alerts", s => s.ClusterAlerts(me), ++look));
    }

    private void End(long which) => waited = which == look ? 0 : waited;

    private void Take(StoreReply reply)
    {
        if ((long)reply.Tag! != look)
        {
            return;
        }

        if (view is not null)
        {
            Written((long?)reply.Result);
        }
        else if (reply.Result is ClusterAlertsView held)
        {
            if (held.LeaseEpoch != stateEpoch)
            {
                (state, stateEpoch) = (NewState(), held.LeaseEpoch); // others were the controller meanwhile
            }

            view = held;
            setup.Signals.Tell(new AskFleetSignals(look)); // :: Step 2
        }
        else
        {
            End(look);
        }
    }

    // :: Steps 3 and 4
    private void Decide(FleetSignals seen)
    {
        if (seen.Look != look || view is not { } held)
        {
            return;
        }

        changes = seen.Failure is null ? state.Look(Readable(held.Open), seen, NowMs) : [];
        if (changes.Count == 0)
        {
            End(look);
            return;
        }

        long me = incarnation;
        ClusterAlert[] rows = [.. changes.Select(Row)];
        setup.Control.Tell(new StoreCommand("write-cluster-alerts", s => s.WriteClusterAlerts(me, held.LeaseEpoch, held.Open, rows), look));
    }

    private void Written(long? lastSequence)
    {
        End(look);
        if (lastSequence is not { } last)
        {
            return; // another holder, or another alert than was read: the next look sees it
        }

        foreach (FleetChange change in changes.Where(c => c.Entry is not null))
        {
            setup.Committed(last);
            LogChange(change.Alert.Status, change.Alert.Summary);
        }
    }

    private long NowMs => Context.System.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();

    // One that cannot be read, of a newer program perhaps, is left as it is.
    private static List<AlertRecord> Readable(IReadOnlyList<OpenAlertRow> rows)
    {
        var alerts = new List<AlertRecord>();
        foreach (OpenAlertRow row in rows)
        {
            if (AlertRows.TryRecord(row, out AlertRecord? alert))
            {
                alerts.Add(alert!);
            }
        }

        return alerts;
    }

    private static ClusterAlert Row(FleetChange change) => new(
        change.Alert.Id.Length > 0 ? change.Alert.Id : null, AlertRows.State(change.Alert.Status), AlertRows.Body(change.Alert),
        change.Entry is { } entry ? AlertRows.Body(entry) : null);

    [LoggerMessage(EventId = 5001, Level = LogLevel.Information, Message = "Fleet incident {Status}: {Summary}")]
    private partial void LogChange(AlertStatus status, string summary);

    private sealed class LookDue
    {
        public static readonly LookDue Instance = new();
    }
}
