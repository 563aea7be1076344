using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Tests.TimeSeries.PromQl;

public class LabelMatcherTests
{
    [Theory]
    [InlineData("a", "a", true)]
    [InlineData("a", "a\n", false)]
    [InlineData("a$", "a\n", false)]
    [InlineData("a.*", "a\nb", true)]
    [InlineData("a.+", "a", false)]
    [InlineData("a.+", "ab", true)]
    [InlineData("a|b", "b", true)]
    [InlineData("(a|b)", "b", true)]
    [InlineData("(?:a|b)", "ab", false)]
    [InlineData("(a)|(b)", "b", true)]
    [InlineData("a|", "", true)]
    [InlineData(@"h1\.x|h2\.x", "h2.x", true)]
    [InlineData(@"h1\.x|h2\.x", "h2yx", false)]
    [InlineData(@"x\.*", "x..", true)]
    [InlineData(@"x\\.*", @"x\y", true)]
    [InlineData(@"\d", "٣", false)]
    [InlineData(@"\d", "3", true)]
    [InlineData(@"\D", "٣", true)]
    [InlineData(@"[\d_]+", "1_2", true)]
    [InlineData(@"[^\w]", "é", true)]
    [InlineData(@"[\W]", "é", true)]
    [InlineData(@"\s", "\u00a0", false)]
    [InlineData("(?P<name>a+)b", "aab", true)]
    [InlineData(@"\pL+", "é", true)]
    [InlineData(@"\p{Lu}", "é", false)]
    [InlineData(@"\p{^Lu}", "é", true)]
    [InlineData(@"\x{e9}", "é", true)]
    [InlineData(@"\xe9", "é", true)]
    [InlineData(@"\101", "A", true)]
    [InlineData("[[:alpha:]]+", "ab", true)]
    [InlineData("[[:alpha:]]+", ":a", false)]
    [InlineData("[[:^digit:]x]", "a", true)]
    [InlineData("[[:^digit:]]", "1", false)]
    [InlineData("[]a]+", "]a", true)]
    [InlineData("[a-]+", "-a", true)]
    [InlineData("[a-z-[b]]", "b", false)]
    [InlineData("[a-z-[b]]", "c]", true)]
    [InlineData(@"\Qa.b\E.", "a.bc", true)]
    [InlineData(@"\_\-", "_-", true)]
    [InlineData("(?i)AbC", "aBc", true)]
    [InlineData("(?i:A)b", "aB", false)]
    [InlineData("(?-s).", "\n", false)]
    [InlineData("a{,5}", "a{,5}", true)]
    [InlineData("a{2,3}", "aaa", true)]
    [InlineData("", "", true)]
    [InlineData(".*", "", true)]
    [InlineData(".+", "", false)]
    public void Matches_Regex_AsRe2Does(string pattern, string value, bool expected)
    {
        Assert.True(LabelMatcher.TryCreate("l", MatchOperator.Regex, pattern, out LabelMatcher matcher, out string error), error);
        Assert.True(LabelMatcher.TryCreate("l", MatchOperator.NotRegex, pattern, out LabelMatcher negated, out _));

        Assert.Equal(expected, matcher.Matches(value));
        Assert.Equal(!expected, negated.Matches(value));
    }

    [Theory]
    [InlineData("(?=a)")]
    [InlineData("(?<!a)")]
    [InlineData("(?>a)")]
    [InlineData("(?m)a")]
    [InlineData("(?x)a")]
    [InlineData("(?U)a+")]
    [InlineData("(?#x)")]
    [InlineData(@"(a)\1")]
    [InlineData(@"\p{Greek}")]
    [InlineData(@"\k<n>")]
    [InlineData(@"\Z")]
    [InlineData(@"\u0041")]
    [InlineData("[[:nope:]]")]
    [InlineData("[z-a]")]
    [InlineData("[a")]
    [InlineData("a**")]
    [InlineData("a{1001}")]
    [InlineData("*a")]
    [InlineData("(a")]
    [InlineData("a)")]
    [InlineData("a\\")]
    public void TryCreate_WhatRe2OrDotNetLacks_IsRefused(string pattern)
    {
        Assert.False(LabelMatcher.TryCreate("l", MatchOperator.Regex, pattern, out _, out string error));
        Assert.StartsWith("error parsing regular expression: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Literals_ManyHosts_AreASetWithoutARegex()
    {
        string pattern = string.Join('|', Enumerable.Range(0, 20_000).Select(i => $@"host{i}\.example"));

        Assert.True(LabelMatcher.TryCreate("host", MatchOperator.Regex, pattern, out LabelMatcher matcher, out _));

        Assert.Equal(20_000, matcher.Literals!.Count);
        Assert.True(matcher.Matches("host19999.example"));
        Assert.False(matcher.Matches("host19999_example"));
    }

    [Fact]
    public void TryCreate_LongPattern_IsRefusedWithTheLimit()
    {
        Assert.False(LabelMatcher.TryCreate("l", MatchOperator.Regex, "(x+)" + new string('a', 9_000), out _, out string error));
        Assert.Contains("9004 characters, over the limit of 8192", error, StringComparison.Ordinal);
    }
}
