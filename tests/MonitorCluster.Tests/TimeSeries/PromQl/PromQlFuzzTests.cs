using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Tests.TimeSeries.PromQl;

public class PromQlFuzzTests
{
    private static readonly string[] Pieces =
    [
        "up", "sum", "by", "without", "(", ")", "{", "}", "[", "]", "5m", "1", "0x", "1e", ".5", "offset", "-", "+", "*", "/", "^", "%", "==", "!=", "=~", "!~",
        "=", "<", ">", "bool", "on", "ignoring", "group_left", "and", ",", ":", "@", "\"a\"", "'(a|b)+'", "`\\d[^[:alpha:]-z]`", "\"", "rate", "topk", "time()",
        "scalar(", "absent(", "round(", "NaN", "inf", "#", "\n", " ", "\\", "\ud800", "é", "\0", "m{l=\"v\"}", "quantile_over_time(0.5,", "m[1m]", "atan2",
    ];

    private static readonly string[] Seeds =
    [
        "sum by (job, host) (rate(m{l=~\"a|b.*\",k!~\"[^c]\"}[5m] offset -1m)) / ignoring (job) topk(2, m) > bool -1e3",
        "quantile_over_time(scalar(m) % 2, m[90s]) ^ -2 atan2 m + on (l) {\"m\", \"l\"=\"v\"}",
        "sort_desc(clamp_min(round(abs(-m), 0.1), time() - 5)) == vector(3) # comment",
        "absent(m{a=\"b\"}) + timestamp(m offset 1h) * stddev_over_time(m[1w2d3h])",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void TryParse_RandomAndMutated_NeverThrowsAndPrintsWhatItParses(int seed)
    {
        var random = new Random(seed);
        var store = new ScriptStore();
        store.Load("m{l=\"v\"} 1 2 NaN 4 -Inf", 15_000);
        store.Load("m{l=\"w\"} 5 _ stale 2", 15_000);
        int parsed = 0;
        for (int round = 0; round < 4_000; round++)
        {
            string text = round % 2 == 0
                ? string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => Pieces[random.Next(Pieces.Length)]))
                : Mutated(random);
            if (!PromQlQuery.TryParse(text, out PromQlQuery query, out PromQlError error))
            {
                Assert.True(error.Line >= 1 && error.Column >= 1 && error.Message.Length > 0, text);
                continue;
            }

            parsed++;
            string canonical = query.ToString();
            Assert.True(PromQlQuery.TryParse(canonical, out PromQlQuery again, out error), $"{text} => {canonical}: {error}");
            Assert.Equal(canonical, again.ToString());
            Evaluate(store, query);
        }

        Assert.InRange(parsed, 100, 3_900);
    }

    [Fact]
    public void TryCompile_RandomPatterns_NeverThrows()
    {
        const string Alphabet = "ab01.*+?|()[]{}^$\\-:,=<>!PQEdDwWsSbBxpLiszU_ \n\u00e9\ud83d\ude00";
        var random = new Random(7);
        int compiled = 0;
        for (int round = 0; round < 20_000; round++)
        {
            string pattern = string.Concat(Enumerable.Range(0, random.Next(1, 10)).Select(_ => Alphabet[random.Next(Alphabet.Length)]));
            if (LabelMatcher.TryCreate("l", MatchOperator.Regex, pattern, out LabelMatcher matcher, out string error))
            {
                compiled++;
                matcher.Matches("a\nb");
            }
            else
            {
                Assert.NotEqual("", error);
            }
        }

        Assert.InRange(compiled, 1_000, 19_000);
    }

    private static void Evaluate(ScriptStore store, PromQlQuery query)
    {
        foreach (QueryTimes times in (QueryTimes[])[QueryTimes.At(60_000), QueryTimes.Over(0, 120_000, 7_000)])
        {
            try
            {
                store.Evaluate(query, times);
            }
            catch (QueryException e)
            {
                Assert.Contains(e.Kind, (QueryErrorKind[])[QueryErrorKind.Execution, QueryErrorKind.BadData]);
            }
        }
    }

    private static string Mutated(Random random)
    {
        var text = new List<char>(Seeds[random.Next(Seeds.Length)]);
        for (int i = random.Next(1, 5); i > 0 && text.Count > 0; i--)
        {
            int at = random.Next(text.Count);
            switch (random.Next(4))
            {
                case 0:
                    text.RemoveRange(at, Math.Min(text.Count - at, random.Next(1, 8)));
                    break;
                case 1:
                    text.InsertRange(at, Pieces[random.Next(Pieces.Length)]);
                    break;
                case 2:
                    text[at] = (char)random.Next(128);
                    break;
                default:
                    text.InsertRange(at, text.GetRange(random.Next(text.Count), 1));
                    break;
            }
        }

        return new string([.. text]);
    }
}
