using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Tests.TimeSeries.PromQl;

public class PromQlQueryTests
{
    [Theory]
    [InlineData("sum(foo) BY (a,b,)", "sum by (a, b) (foo)")]
    [InlineData("  -foo{ a = 'x\\n\"' , } [ 90s ] offset -1h # end", null)]
    [InlineData("rate(foo{ a = 'x\"' , } [ 90s ] offset -3600)", "rate(foo{a=\"x\\\"\"}[1m30s] offset -1h)")]
    [InlineData("{\"my.metric\", \"a b\"!~`\\d+`}", "{\"my.metric\",\"a b\"!~\"\\\\d+\"}")]
    [InlineData("{__name__=\"foo\",x=\"\"}", "foo{x=\"\"}")]
    [InlineData("a+b*c^-d", "a + b * c ^ -d")]
    [InlineData("(a+b) * ON(x) c > BOOL 0x10", "(a + b) * on (x) c > bool 16")]
    [InlineData("topk without(x)(3,up)", "topk without (x) (3, up)")]
    [InlineData("sum", "sum")]
    [InlineData("sum{by=\"1\",offset=\"2\",on=\"3\"} offset 1w2d3h4m5s6ms", "sum{by=\"1\",offset=\"2\",on=\"3\"} offset 1w2d3h4m5s6ms")]
    [InlineData("sum by (by, on, \"a b\") (x)", "sum by (by, on, \"a b\") (x)")]
    [InlineData("+-+inf", "-Inf")]
    [InlineData("a:b:c[5m]", "a:b:c[5m]")]
    [InlineData("'\\xc3\\xa9\\u00e9\\101'", "\"ééA\"")]
    [InlineData("1e3 + 08", "1000 + 8")]
    [InlineData("5m", "300")]
    public void ToString_AnyForm_IsCanonicalAndParsesToItself(string text, string? canonical)
    {
        bool parsed = PromQlQuery.TryParse(text, out PromQlQuery query, out PromQlError error);
        if (canonical is null)
        {
            Assert.False(parsed);
            return;
        }

        Assert.True(parsed, error?.ToString());
        Assert.Equal(canonical, query.ToString());
        Assert.True(PromQlQuery.TryParse(canonical, out PromQlQuery again, out _));
        Assert.Equal(canonical, again.ToString());
    }

    [Theory]
    [InlineData("", "1:1: parse error: the query is empty")]
    [InlineData("up{", "1:4: parse error: unexpected end of input, expected a label name or \"}\"")]
    [InlineData("1 +\n  )", "2:3: parse error: unexpected \")\", expected an expression")]
    [InlineData("foo bar", "1:5: parse error: unexpected \"bar\"")]
    [InlineData("histogram_quantile(0.9, x)", "1:1: parse error: function or aggregation \"histogram_quantile\" not supported")]
    [InlineData("1 + stddev by (x) (y)", "1:5: parse error: function or aggregation \"stddev\" not supported")]
    [InlineData("nosuch(x)", "1:1: parse error: no function is called \"nosuch\"")]
    [InlineData("max_over_time(x[5m:1m])", "1:19: parse error: subqueries not supported")]
    [InlineData("x @ 5", "1:3: parse error: modifier \"@\" not supported")]
    [InlineData("x and y", "1:3: parse error: set operator \"and\" not supported")]
    [InlineData("x * on(a) group_left y", "1:11: parse error: many-to-one matching with \"group_left\" not supported")]
    [InlineData("{}", "1:1: parse error: the selector would match every series; give a matcher that excludes the empty value")]
    [InlineData("{a=~\".*\",b!=\"x\"}", "1:1: parse error: the selector would match every series; give a matcher that excludes the empty value")]
    [InlineData("foo{__name__=\"bar\"}", "1:1: parse error: two metric names: \"foo\" and \"bar\"")]
    [InlineData("x{a=~\"(\"}", "1:6: parse error: bad regular expression: a ( is not closed")]
    [InlineData("x{a=~\"(?=b)\"}", "1:6: parse error: bad regular expression: this kind of group is not supported")]
    [InlineData("x{a=~`\\1`}", "1:6: parse error: bad regular expression: escape \\1 is not known")]
    [InlineData("x{a=~\"(a{1,500}){1,500}\"}", "1:6: parse error: bad regular expression: too large when its repeats are expanded")]
    [InlineData("x{a=~\"a{500}b{1,501}\"}", "1:6: parse error: bad regular expression: its repeats add up to over 1000")]
    [InlineData("x{a=~\".{1,10000}x\"}", "1:6: parse error: bad regular expression: a repeat is over 1000")]
    [InlineData("1 == 1", "1:3: parse error: two scalars are compared with \"bool\", as in 1 < bool 2")]
    [InlineData("x + bool y", "1:3: parse error: \"bool\" belongs to comparisons only")]
    [InlineData("x + on(a) 1", "1:3: parse error: on and ignoring need an instant vector on both sides")]
    [InlineData("rate(x)", "1:6: parse error: rate needs a range vector, this is an instant vector")]
    [InlineData("rate(x[5m], 1)", "1:1: parse error: rate takes 1 argument, 2 given")]
    [InlineData("round()", "1:1: parse error: round takes at least 1 argument, 0 given")]
    [InlineData("sum(1)", "1:5: parse error: sum needs an instant vector, this is a scalar")]
    [InlineData("topk(x, y)", "1:6: parse error: the count of topk needs a scalar, this is an instant vector")]
    [InlineData("topk(x)", "1:1: parse error: topk takes 2 arguments, 1 given")]
    [InlineData("-x[5m]", "1:1: parse error: a sign cannot stand before a range vector")]
    [InlineData("x[5m] + 1", "1:1: parse error: an operator needs scalars or instant vectors on both sides")]
    [InlineData("x[0s]", "1:2: parse error: a range must be longer than 0")]
    [InlineData("x[5m][5m]", "1:6: parse error: a range stands right behind the selector, before offset")]
    [InlineData("x offset 5m offset 5m", "1:13: parse error: offset is given twice")]
    [InlineData("(x) offset 5m", "1:5: parse error: offset must follow a selector or its range")]
    [InlineData("sum(x)[5m]", "1:7: parse error: only a selector can have a range")]
    [InlineData("x[5m1h]", "1:3: parse error: \"5m1h\" is no number or duration")]
    [InlineData("x[300y]", "1:3: parse error: \"300y\" is no number or duration")]
    [InlineData("x[5000000000000]", "1:3: parse error: the duration is too long")]
    [InlineData("1.2.3", "1:1: parse error: \"1.2.3\" is no number or duration")]
    [InlineData("'abc", "1:1: parse error: the quote is not closed")]
    [InlineData("`abc", "1:1: parse error: the quote is not closed")]
    [InlineData("'\\q'", "1:2: parse error: this escape is not known")]
    [InlineData("'\\xff'", "1:1: parse error: string is not valid UTF-8")]
    [InlineData("x ; y", "1:3: parse error: ';' cannot stand here")]
    [InlineData("sum by (a:b) (x)", "1:9: parse error: unexpected \"a:b\", expected a label name")]
    [InlineData("abs(x,)", "1:7: parse error: unexpected \")\", expected an expression")]
    public void TryParse_Bad_SaysWhatAndWhere(string text, string expected)
    {
        Assert.False(PromQlQuery.TryParse(text, out _, out PromQlError error));
        Assert.StartsWith(expected, error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(", ")")]
    [InlineData("-", "")]
    [InlineData("abs(", ")")]
    [InlineData("sum(", ")")]
    [InlineData("1+(", ")")]
    [InlineData("2^", "")]
    [InlineData("1+", "")]
    [InlineData("x>bool ", "")]
    public void TryParse_Deep_IsRefusedNotOverflowing(string open, string close)
    {
        Assert.True(PromQlQuery.TryParse(Nested(open, close, 200), out PromQlQuery query, out PromQlError error), error?.ToString());
        Assert.NotEmpty(query.ToString());

        Assert.False(PromQlQuery.TryParse(Nested(open, close, 5_000), out _, out error));
        Assert.Contains("nests over 500 levels", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-sum(", ")", 245)]
    [InlineData("abs(", ")", 490)]
    [InlineData("(", ")", 490)]
    [InlineData("-", "", 490)]
    [InlineData("1+", "", 490)]
    [InlineData("x>(", ")", 245)]
    public void Evaluate_AtTheDepthLimit_FitsAThreadsStack(string open, string close, int levels)
    {
        Exception? failure = null;
        var thread = new Thread(
            () => failure = Record.Exception(() =>
            {
                Assert.True(PromQlQuery.TryParse(Nested(open, close, levels), out PromQlQuery query, out PromQlError error), error?.ToString());
                new ScriptStore().Evaluate(query, QueryTimes.At(0));
                Assert.NotEmpty(query.ToString());
            }),
            maxStackSize: 1280 * 1024);

        thread.Start();
        thread.Join();

        Assert.Null(failure);
    }

    [Fact]
    public void TryParse_TooLong_IsRefused()
    {
        Assert.False(PromQlQuery.TryParse(new string(' ', 65_536) + "1", out _, out PromQlError error));
        Assert.Contains("65537 characters, over the limit of 65536", error.Message, StringComparison.Ordinal);
        Assert.True(PromQlQuery.TryParse(new string(' ', 65_535) + "1", out _, out _));
    }

    [Fact]
    public void TryParse_TooManyParts_IsRefused()
    {
        string Balanced(int levels) => levels == 0 ? "1" : $"({Balanced(levels - 1)}+{Balanced(levels - 1)})";

        Assert.True(PromQlQuery.TryParse(Balanced(11), out _, out _));
        Assert.False(PromQlQuery.TryParse(Balanced(12), out _, out PromQlError error));
        Assert.Contains("over 10000 parts", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Selectors_EachKind_AsksForItsWindow()
    {
        Assert.True(PromQlQuery.TryParse("a{x=\"1\"} + rate(b[1m] offset 30s) + c offset -10s", out PromQlQuery query, out _));

        IReadOnlyList<SelectorWindow> windows = query.Selectors(QueryTimes.Over(1_000_000, 1_100_500, 1_000));

        Assert.Equal([(700_000L, 1_100_000L), (910_000L, 1_070_000L), (710_000L, 1_110_000L)], windows.Select(w => (w.FromMs, w.ToMs)));
        Assert.Equal(["__name__=\"a\"", "x=\"1\""], windows[0].Matchers.Select(m => m.ToString()));
    }

    [Fact]
    public void Evaluate_OverALimit_IsExecutionError()
    {
        var store = new ScriptStore();
        store.Load("m{a=\"1\"} 1+1x100", 1_000);
        store.Load("m{a=\"2\"} 1+1x100", 1_000);
        Assert.True(PromQlQuery.TryParse("sum(m)", out PromQlQuery query, out _));
        QueryTimes times = QueryTimes.Over(0, 100_000, 1_000);
        QueryLimits enough = new() { PointsMax = 100, SeriesMax = 2, SamplesMax = 505 };

        store.Evaluate(query, times, enough);

        foreach (QueryLimits tight in (QueryLimits[])[enough with { PointsMax = 99 }, enough with { SeriesMax = 1 }, enough with { SamplesMax = 504 }])
        {
            Assert.Equal(QueryErrorKind.Execution, Assert.Throws<QueryException>(() => store.Evaluate(query, times, tight)).Kind);
        }
    }

    [Fact]
    public void Evaluate_Cancelled_Stops()
    {
        var store = new ScriptStore();
        store.Add(LabelSet.Create("m"), [.. Enumerable.Range(0, 20_000).Select(i => (long)i)], new double[20_000]);
        Assert.True(PromQlQuery.TryParse("sum_over_time(m[1h])", out PromQlQuery query, out _));

        Assert.Throws<OperationCanceledException>(() => store.Evaluate(query, QueryTimes.Over(10_000, 20_000, 1), null, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Evaluate_TimesOutOfBounds_IsBadData()
    {
        Assert.True(PromQlQuery.TryParse("1", out PromQlQuery query, out _));

        Assert.Equal(QueryErrorKind.BadData, Assert.Throws<QueryException>(() => query.Selectors(QueryTimes.At(long.MaxValue))).Kind);
        Assert.Equal(QueryErrorKind.BadData, Assert.Throws<QueryException>(() => query.Selectors(QueryTimes.Over(1, 0, 1))).Kind);
    }

    private static string Nested(string open, string close, int levels) =>
        string.Concat(Enumerable.Repeat(open, levels)) + "x" + string.Concat(Enumerable.Repeat(close, levels));
}
