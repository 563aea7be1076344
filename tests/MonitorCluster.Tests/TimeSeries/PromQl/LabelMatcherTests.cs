using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Tests.TimeSeries.PromQl;

public class LabelMatcherTests
{
    private const string GroupFault = "this kind of group is not supported";

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
    [InlineData("a|a.+", "a", true)]
    [InlineData("|.+", "", true)]
    [InlineData("|.+", "x", true)]
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
    [InlineData("(?=a)", GroupFault)]
    [InlineData("(?<!a)", GroupFault)]
    [InlineData("(?>a)", GroupFault)]
    [InlineData("(?m)a", GroupFault)]
    [InlineData("(?x)a", GroupFault)]
    [InlineData("(?U)a+", GroupFault)]
    [InlineData("(?#x)", GroupFault)]
    [InlineData(@"(a)\1", @"escape \1 is not known")]
    [InlineData(@"\p{Greek}", @"class \p{Greek} is not known")]
    [InlineData(@"\k<n>", @"escape \k is not known")]
    [InlineData(@"\Z", @"escape \Z is not known")]
    [InlineData(@"\u0041", @"escape \u is not known")]
    [InlineData("[[:nope:]]", "class [:nope:] is not known")]
    [InlineData("[z-a]", "a range in a class needs two characters in ascending order")]
    [InlineData("[a", "a [ is not closed")]
    [InlineData("a**", "a repeat follows a repeat; put the first in parentheses")]
    [InlineData("a{1001}", "a repeat is over 1000")]
    [InlineData("*a", "a repeat has nothing to repeat")]
    [InlineData("(a", "a ( is not closed")]
    [InlineData("a)", "a ) closes nothing")]
    [InlineData("a)|(b", "a ) closes nothing")]
    [InlineData("a{2,1}", "a repeat's bounds are reversed")]
    [InlineData("a{99999999999}", "a repeat is over 1000")]
    [InlineData("(a{400}){2,601}", "its repeats add up to over 1000")]
    [InlineData("(a{500}){500}", "too large when its repeats are expanded")]
    [InlineData("a\\", @"escape \ is not known")]
    public void TryCreate_WhatRe2OrDotNetLacks_IsRefused(string pattern, string reason)
    {
        Assert.False(LabelMatcher.TryCreate("l", MatchOperator.Regex, pattern, out _, out string error));
        Assert.Equal("bad regular expression: " + reason, error);
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
        Assert.False(LabelMatcher.TryCreate("l", MatchOperator.Regex, "(x+)" + new string('a', 1_021), out _, out string error));
        Assert.Equal("bad regular expression: 1025 characters, over the limit of 1024", error);
        Assert.True(LabelMatcher.TryCreate("l", MatchOperator.Regex, "(x+)" + new string('a', 1_020), out _, out _));
    }
}
