using MonitorCluster.Cluster.Storage;
using MonitorCluster.Query;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Act;

/// <summary>Talks to the watched service and to the queries for a policy's actor, which must not wait. One question at a time, each answered in time.</summary>
internal sealed class PolicyGatewayActor : ReceiveActor
{
    // A shard that nobody serves just now is not waited for: the next look comes soon.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly ActuationPolicy policy;
    private readonly IActuator actuator;
    private readonly IQueryService query;
    private readonly ActOptions options;

    public PolicyGatewayActor(ActuationPolicy policy, IActuator actuator, IQueryService query, ActOptions options)
    {
        (this.policy, this.actuator, this.query, this.options) = (policy, actuator, query, options);
        ReceiveAsync<ObservePolicy>(ObserveAsync);
        ReceiveAsync<SetTarget>(SetAsync);
    }

    private TimeProvider Time => Context.System.TimeProvider;

    private static IEnumerable<(string Server, double Value)> Values(QueryResult result, string label) => result switch
    {
        VectorResult vector => vector.Samples.Select(s => (s.Labels[label], s.Value)),
        ScalarResult scalar => [(string.Empty, scalar.Value)],
        _ => [],
    };

    private async Task ObserveAsync(ObservePolicy question)
    {
        IActorRef asker = Sender;
        IReadOnlyList<TargetReading> targets;
        try
        {
            targets = await actuator.ObserveAsync(CancellationToken.None);
        }
        catch (ActuatorException e)
        {
            asker.Tell(PolicyObserved.Blind(question.Look, e.Message));
            return;
        }

        if (policy.IsRetired)
        {
            asker.Tell(new PolicyObserved(question.Look, targets, new Dictionary<string, double>(), null, null, 0, null));
            return;
        }

        Dictionary<string, double> latency = await LatencyAsync();
        double? errors = await OneAsync(policy.Errors!);
        double? goal = policy.Goal is { } wanted ? await OneAsync(wanted) : null;
        double hold = policy.HoldWhile is { } while_ ? await HoldAsync(while_) : 0;
        asker.Tell(new PolicyObserved(question.Look, targets, latency, errors, goal, hold, null));
    }

    // The worst value of each server that has a fresh sample in everything that the query reads.
    private async Task<Dictionary<string, double>> LatencyAsync()
    {
        var found = new Dictionary<string, double>(StringComparer.Ordinal);
        if (await AskAsync(policy.Latency!) is not ({ } result, { } fresh))
        {
            return found;
        }

        foreach ((string server, double value) in Values(result, policy.ServerLabel))
        {
            if (fresh.All(f => f.Contains(server)) && double.IsFinite(value))
            {
                found[server] = found.TryGetValue(server, out double other) ? Math.Max(value, other) : value;
            }
        }

        return found;
    }

    // The worst value, when everything that the query reads has a fresh sample.
    private async Task<double?> OneAsync(PromQlQuery asked) =>
        await AskAsync(asked) is ({ } result, { } fresh) && fresh.All(f => f.Count > 0)
            && Values(result, policy.ServerLabel).Select(v => v.Value).Where(double.IsFinite).ToList() is { Count: > 0 } values
            ? values.Max()
            : null;

    private async Task<double> HoldAsync(PromQlQuery asked) => await AskAsync(asked) is ({ } result, _)
        ? Values(result, policy.ServerLabel).Select(v => v.Value).Where(v => v != 0).DefaultIfEmpty(0).First()
        : double.NaN; // what cannot be asked may be a deploy: NaN is not 0

    // A sample stands for its series for less than three scrapes. Where a query looks back further, the series itself must have one that young.
    private async Task<(QueryResult Result, List<HashSet<string>> Fresh)?> AskAsync(PromQlQuery asked)
    {
        long nowMs = Time.GetUtcNow().ToUnixTimeMilliseconds();
        long freshMs = (long)(GuardRails.ScrapesFresh * policy.ScrapeInterval).TotalMilliseconds;
        var times = new QueryTimes(nowMs, nowMs, 0, freshMs);
        var scope = new QueryScope(options.QueryTimeout, takesPart: true) { Patience = Patience };
        using var patience = new CancellationTokenSource(options.QueryTimeout, Time);
        try
        {
            QueryResult result = await query.EvaluateAsync(asked, times, scope, patience.Token);
            var fresh = new List<HashSet<string>>();
            foreach (SelectorWindow window in asked.Selectors(times))
            {
                var series = await query.SeriesAsync([window.Matchers], nowMs - freshMs + 1, nowMs, scope, patience.Token);
                fresh.Add([.. series.Select(s => s[policy.ServerLabel])]);
            }

            return (result, fresh);
        }
        catch (Exception e) when (e is QueryException or StoreUnavailableException or OperationCanceledException)
        {
            return null; // no value: the policy says which one it misses
        }
    }

    private async Task SetAsync(SetTarget command)
    {
        IActorRef asker = Sender;
        try
        {
            // This process may have been stopped since; meanwhile somebody else may act for the policy.
            TimeSpan waited = Time.GetElapsedTime(command.DecidedAt);
            if (waited > options.CommandTimeout)
            {
                throw new ActuatorException(FormattableString.Invariant($"the command waited for {waited.TotalSeconds:0.#} s and is too old"));
            }

            await (command.Value is { } value
                ? actuator.ApplyAsync(command.Target, value, CancellationToken.None)
                : actuator.RevertAsync(command.Target, CancellationToken.None));
            TargetReading reading = await actuator.ReadBackAsync(command.Target, CancellationToken.None);
            int wanted = command.Value ?? reading.InitialValue;
            asker.Tell(new TargetSet(
                command.Look, reading, reading.Value == wanted ? null : FormattableString.Invariant($"{command.Target} has {reading.Value}, not {wanted}")));
        }
        catch (ActuatorException e)
        {
            asker.Tell(new TargetSet(command.Look, null, e.Message));
        }
    }
}
