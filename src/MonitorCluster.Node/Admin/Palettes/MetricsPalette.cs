using MonitorCluster.Query;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Node.Admin.Palettes;

/// <summary><c>metrics</c>: what is stored, which of it costs most, and any PromQL expression.</summary>
internal sealed class MetricsPalette : CommandPaletteHandler
{
    private const int RowsMax = 1_000_000;
    private static readonly TimeSpan SeriesAge = TimeSpan.FromMinutes(5);

    private readonly IQueryService query;
    private readonly TimeProvider time;

    public MetricsPalette(IQueryService query, TimeProvider time)
        : base(new CommandPalette(
            "metrics",
            "What is measured.",
            [
                new CommandDefinitionBuilder().WithName("top").WithDescription("What costs most: groups of series, with the most samples a second first.")
                    .WithArgument(a => a.WithName("match").WithDescription("Selector of the series; all when left out.").TakesRest())
                    .WithArgument(a => a.WithName("label").WithDescription("Label to group by; metric, host and job are usual.")
                        .WithSwitch("-b").WithSwitch("--by").WithDefaultValues("metric", "host", "job"))
                    .WithArgument(a => a.WithName("count").WithDescription("Rows to show.")
                        .WithSwitch("-n").WithSwitch("--count").WithDefaultValues("20", "100"))
                    .WithArgument(a => a.WithName("window").WithDescription("Time over which samples are counted.")
                        .WithSwitch("-w").WithSwitch("--window").WithDefaultValues("30s", "1m", "5m"))
                    .Build(),
                new CommandDefinitionBuilder().WithName("query").WithDescription("Evaluates a PromQL expression, now or over a range that ends now.")
                    .WithArgument(a => a.WithName("expr").WithDescription("The expression; quote it when it holds > or |.").IsMandatory(true).TakesRest())
                    .WithArgument(a => a.WithName("range").WithDescription("Evaluate from so long ago until now.").WithSwitch("-r").WithSwitch("--range"))
                    .WithArgument(a => a.WithName("step").WithDescription("Distance of points in a range; a sixtieth of it when left out, at least 1 s.")
                        .WithSwitch("-s").WithSwitch("--step"))
                    .Build(),
                new CommandDefinitionBuilder().WithName("series").WithDescription("The series of the last five minutes.")
                    .WithArgument(a => a.WithName("match").WithDescription("Selector of the series; all when left out.").TakesRest())
                    .WithArgument(a => a.WithName("count").WithDescription("Rows to show.")
                        .WithSwitch("-n").WithSwitch("--count").WithDefaultValues("1000", "100000"))
                    .Build(),
            ]))
    {
        this.query = query;
        this.time = time;
        Process("top", TopAsync);
        Process("query", QueryAsync);
        Process("series", SeriesAsync);
    }

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    private async Task<CommandResponse> TopAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        long count = arguments.Number("count", 1, RowsMax);
        TimeSpan window = arguments.Span("window");
        string label = arguments.Required("label");
        string key = label == "metric" ? LabelSet.NameLabel : label;
        long nowMs = NowMs;
        string selector = arguments.Value("match") ?? $"{{{LabelSet.NameLabel}=~\".+\"}}";
        string expression = $"{selector}[{PromQlDuration.Format(Math.Max(1, (long)window.TotalMilliseconds))}]";
        var scope = new QueryScope();
        QueryResult result = await query.InstantAsync(expression, nowMs, scope, cancellationToken);
        var groups = ((MatrixResult)result).Series
            .GroupBy(s => s.Labels[key], StringComparer.Ordinal)
            .Select(g => (Name: g.Key, Series: g.Count(), Samples: g.Sum(s => (long)s.Timestamps.Length), NewestMs: g.Max(s => s.Timestamps.Span[^1])))
            .OrderByDescending(g => g.Samples).ThenByDescending(g => g.Series).ThenBy(g => g.Name, StringComparer.Ordinal)
            .ToList();
        await reply.ColumnsAsync([label, "series", "samples_per_second", "age_seconds"], cancellationToken);
        foreach ((string name, int series, long samples, long newestMs) in groups.Take((int)count))
        {
            await reply.RowAsync([name, series, Math.Round(samples / window.TotalSeconds, 2), (nowMs - newestMs) / 1000.0], cancellationToken);
        }

        await WarnAsync(reply, scope, cancellationToken);
        await reply.TextAsync(
            $"Count: {groups.Count} groups, {groups.Sum(g => g.Series)} series, {Math.Round(groups.Sum(g => g.Samples) / window.TotalSeconds, 1)} samples/s",
            cancellationToken);
        return CommandResponse.Ok;
    }

    private async Task<CommandResponse> QueryAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        string expression = arguments.Required("expr");
        long nowMs = NowMs;
        var scope = new QueryScope();
        if (!arguments.Has("range"))
        {
            if (arguments.Has("step"))
            {
                throw new CommandUsageException("-s STEP needs -r RANGE");
            }

            await WriteAsync(reply, await query.InstantAsync(expression, nowMs, scope, cancellationToken), cancellationToken);
            await WarnAsync(reply, scope, cancellationToken);
            return CommandResponse.Ok;
        }

        long rangeMs = (long)arguments.Span("range").TotalMilliseconds;
        long stepMs = arguments.Has("step") ? (long)arguments.Span("step").TotalMilliseconds : Math.Max(1_000, rangeMs / 60);
        if (rangeMs < 1 || stepMs < 1)
        {
            throw new CommandUsageException("RANGE and STEP must be at least 1ms");
        }

        await WriteAsync(reply, await query.RangeAsync(expression, nowMs - rangeMs, nowMs, stepMs, scope, cancellationToken), cancellationToken);
        await WarnAsync(reply, scope, cancellationToken);
        return CommandResponse.Ok;
    }

    private static async Task WarnAsync(CommandReply reply, QueryScope scope, CancellationToken cancellationToken)
    {
        foreach (string warning in scope.Warnings)
        {
            await reply.TextAsync($"warning: {warning}", cancellationToken);
        }
    }

    private async Task<CommandResponse> SeriesAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        long count = arguments.Number("count", 1, RowsMax);
        IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors = [];
        if (arguments.Value("match") is { } match)
        {
            if (!PromQlQuery.TryParseSelector(match, out IReadOnlyList<LabelMatcher> matchers, out PromQlError error))
            {
                return CommandResponse.Failed($"invalid selector: {error}");
            }

            selectors = [matchers];
        }

        long nowMs = NowMs;
        IReadOnlyList<LabelSet> series = await query.SeriesAsync(selectors, nowMs - (long)SeriesAge.TotalMilliseconds, nowMs, null, cancellationToken);
        await reply.ColumnsAsync(["metric", "labels"], cancellationToken);
        foreach (LabelSet labels in series.Take((int)count))
        {
            await reply.RowAsync([labels.Metric, labels], cancellationToken);
        }

        await reply.TextAsync(
            series.Count > count ? $"Count: {series.Count} series, the first {count} shown" : $"Count: {series.Count} series", cancellationToken);
        return CommandResponse.Ok;
    }

    private static async Task WriteAsync(CommandReply reply, QueryResult result, CancellationToken cancellationToken)
    {
        switch (result)
        {
            case ScalarResult scalar:
                await reply.ColumnsAsync(["value"], cancellationToken);
                await reply.RowAsync([scalar.Value], cancellationToken);
                break;
            case StringResult text:
                await reply.ColumnsAsync(["value"], cancellationToken);
                await reply.RowAsync([text.Value], cancellationToken);
                break;
            case VectorResult vector:
                await reply.ColumnsAsync(["metric", "labels", "value"], cancellationToken);
                foreach (VectorSample sample in vector.Samples)
                {
                    await reply.RowAsync([sample.Labels.Metric, sample.Labels, sample.Value], cancellationToken);
                }

                break;
            case MatrixResult matrix:
                await reply.ColumnsAsync(["metric", "labels", "time", "value"], cancellationToken);
                foreach (SeriesData series in matrix.Series)
                {
                    await WriteSeriesAsync(reply, series, cancellationToken);
                }

                break;
        }
    }

    private static async Task WriteSeriesAsync(CommandReply reply, SeriesData series, CancellationToken cancellationToken)
    {
        for (int i = 0; i < series.Timestamps.Length; i++)
        {
            string at = Alert.AlertJson.Time(series.Timestamps.Span[i]);
            await reply.RowAsync([series.Labels.Metric, series.Labels, at, series.Values.Span[i]], cancellationToken);
        }
    }
}
