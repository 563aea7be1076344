using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace MonitorCluster.Tests.Layout;

/// <summary>What a reviewer would have to repeat, said by a test.</summary>
/// <remarks>Source of the idea: TigerBeetle, <c>src/tidy.zig</c>.</remarks>
public partial class TidyTests(ITestOutputHelper output)
{
    private const int FileLinesMax = 500;
    private const int FileLinesToLookAt = 300;
    private const int LineLengthMax = 160;

    private static readonly string[] Code = [".cs", ".ts", ".tsx", ".mjs"];
    private static readonly string[] Text =
        [.. Code, ".css", ".csproj", ".html", ".json", ".md", ".props", ".sh", ".sql", ".targets", ".test", ".txt", ".yml", ""];

    [Fact]
    public void Files_AreNotTooLong()
    {
        (string File, int Lines)[] files = [.. Repository.Files(string.Empty, Code).Select(f => (f, File.ReadLines(Repository.At(f)).Count()))];
        foreach ((string file, int lines) in files.Where(f => f.Lines > FileLinesToLookAt).OrderByDescending(f => f.Lines))
        {
            output.WriteLine($"{file}: {lines} lines: think about a split");
        }

        Assert.NotEmpty(files);
        Assert.Empty(files.Where(f => f.Lines > FileLinesMax).Select(f => $"{f.File}: {f.Lines} lines"));
    }

    [Fact]
    public void Lines_FitTheScreen() => Assert.Empty(Lines(Repository.Files(string.Empty, Code), line => line.Length > LineLengthMax && !IsTestCase(line)));

    [Fact]
    public void Code_IsFinished() => Assert.Empty(Lines(Repository.Files(string.Empty, Text), Unfinished().IsMatch));

    [Fact]
    public void Files_NameNoMachineAndNoRegistry() => Assert.Empty(Lines(Repository.Files(string.Empty, Text), Elsewhere().IsMatch));

    [Fact]
    public void FormatAndDecisionPages_AreReferredTo()
    {
        string architecture = File.ReadAllText(Repository.At("docs", "ARCHITECTURE.md"));

        Assert.All(
            Repository.Files("docs/formats", ".md").Concat(Repository.Files("docs/decisions", ".md")),
            page => Assert.Contains($"({page["docs/".Length..]})", architecture, StringComparison.Ordinal));
    }

    [Fact]
    public void Links_BetweenPages_LeadSomewhere()
    {
        foreach (string page in Repository.Files(string.Empty, ".md"))
        {
            string folder = Path.GetDirectoryName(Repository.At(page))!;
            foreach (Match link in PageLink().Matches(File.ReadAllText(Repository.At(page))))
            {
                string target = Path.Combine(folder, link.Groups["path"].Value);
                Assert.True(File.Exists(target) || Directory.Exists(target), $"{page} links to {link.Groups["path"].Value}, which is not there");
            }
        }
    }

    private static IEnumerable<string> Lines(IEnumerable<string> files, Predicate<string> isFault) =>
        files.SelectMany(f => File.ReadLines(Repository.At(f)).Select((line, i) => (line, i))
            .Where(l => isFault(l.line)).Select(l => $"{f}:{l.i + 1}: {(l.line.Length > LineLengthMax ? l.line[..80] : l.line).Trim()}"));

    // One case a line, with the expected text as it comes, reads better than a literal in pieces.
    private static bool IsTestCase(string line) => line.TrimStart().StartsWith("[InlineData(", StringComparison.Ordinal);

    // The words are written so that this file does not find itself.
    [GeneratedRegex(@"\bTO[D]O\b|\bFIXM[E]\b|\bNotImplemented[E]xception\b")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"(?<![\w.])/(home|root|work|Users)/\w|(?<![\w.])/tmp/\w|nuget[.]org|npmjs[.](com|org)|registry[.][a-z]+[.][a-z]|pkgs[.]dev[.]azure")]
    private static partial Regex Elsewhere();

    [GeneratedRegex(@"\]\((?![a-z]+:|#)(?<path>[^)#\s]+)(#[^)]*)?\)")]
    private static partial Regex PageLink();
}
