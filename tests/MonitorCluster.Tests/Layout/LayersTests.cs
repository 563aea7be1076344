using System.Reflection;
using System.Text.RegularExpressions;

namespace MonitorCluster.Tests.Layout;

/// <summary>The arrows of docs/ARCHITECTURE.md, checked: between projects by their references, between stages by their sources.</summary>
public partial class LayersTests
{
    /// <summary>Each stage of src/MonitorCluster and the stages whose types it may name. No circle: that is checked too.</summary>
    private static readonly Dictionary<string, string[]> Stages = new()
    {
        // The stages that own the data's protocol and its alerts name nobody.
        ["Stream"] = [],
        ["Alert"] = [],

        // A source's batch is the record that the log takes (SampleBatch, SubmitSamples).
        ["Collect"] = ["Stream"],

        // A detection becomes the alert's record.
        ["Detect"] = ["Alert"],

        // A shard takes sections from the stream, runs the detection and keeps its alerts, all on its own mailbox.
        ["Aggregate"] = ["Stream", "Detect", "Alert"],

        // Queries pin shards; the types and help texts of families come from the sources.
        ["Query"] = ["Collect", "Stream", "Aggregate", "Alert"],

        // The load is asked for like anything else; what is decided becomes an alert's record.
        ["Optimise"] = ["Query", "Alert"],

        // A policy asks queries, and what it does becomes entries of the alert log.
        ["Act"] = ["Query", "Alert"],
    };

    /// <summary>Files that break the table, each with the stage they name. An entry that is not needed any more fails.</summary>
    private static readonly (string File, string Stage)[] Exceptions = [];

    private static readonly Dictionary<string, string[]> Projects = new()
    {
        ["MonitorCluster.Actors"] = [],
        ["MonitorCluster.TimeSeries"] = [],
        ["MonitorCluster.Cluster"] = ["MonitorCluster.Actors"],
        ["MonitorCluster"] = ["MonitorCluster.Actors", "MonitorCluster.Cluster", "MonitorCluster.TimeSeries"],
        ["MonitorCluster.Node"] = ["MonitorCluster", "MonitorCluster.Actors", "MonitorCluster.Cluster", "MonitorCluster.TimeSeries"],
        ["MonitorCluster.Pbm"] = [],
    };

    public static TheoryData<string> ProjectNames => [.. Found];

    public static TheoryData<string> StageNames => [.. Directory.GetDirectories(Repository.At("src", "MonitorCluster")).Select(d => Path.GetFileName(d)!)
        .Where(n => n is not ("bin" or "obj"))];

    private static IEnumerable<string> Found => Repository.Files("src", ".csproj").Select(f => Path.GetFileNameWithoutExtension(f));

    [Theory]
    [MemberData(nameof(ProjectNames))]
    public void Project_ReferencesOnlyWhatIsBelowIt(string project)
    {
        string assembly = project == "MonitorCluster.Pbm" ? "pbm" : project;

        IEnumerable<string> ours = Assembly.Load(assembly).GetReferencedAssemblies().Select(a => a.Name!)
            .Where(n => n.StartsWith("MonitorCluster", StringComparison.Ordinal) || n == "pbm");

        Assert.Empty(ours.Except(Projects[project]));
    }

    [Fact]
    public void Projects_Table_HasNoOthers() => Assert.Equal(Found.Order(), Projects.Keys.Order());

    [Theory]
    [MemberData(nameof(StageNames))]
    public void Stage_NamesOnlyStagesItMay(string stage)
    {
        IEnumerable<string> faults = Named(stage)
            .Where(n => !Stages[stage].Contains(n.Stage) && !Exceptions.Contains((n.File, n.Stage)))
            .Select(n => $"{n.File} names {n.Stage}: {n.Line.Trim()}");

        Assert.Empty(faults);
    }

    [Fact]
    public void Stages_Exceptions_AreAllNeeded() =>
        Assert.Empty(Exceptions.Except(Stages.Keys.SelectMany(s => Named(s).Select(n => (n.File, n.Stage)))));

    [Fact]
    public void Stages_Table_HasNoCircle()
    {
        var open = new Dictionary<string, string[]>(Stages);
        while (open.Count > 0)
        {
            string? next = open.Keys.FirstOrDefault(s => !open[s].Any(open.ContainsKey));

            Assert.True(next is not null, $"circle among {string.Join(", ", open.Keys)}");
            open.Remove(next);
        }
    }

    [Fact]
    public void ActorNamespace_IsNamedByGroundFloorAlone()
    {
        IEnumerable<string> faults = Repository.Files(string.Empty, ".cs")
            .Where(f => !f.StartsWith("src/MonitorCluster.Actors/", StringComparison.Ordinal) && Path.GetFileName(f) != "GroundFloor.cs")
            .Where(f => ActorUsing().IsMatch(File.ReadAllText(Repository.At(f))));

        Assert.Empty(faults);
    }

    // The stages' folders are namespaces, so a name of another stage needs a using, or is written with the stage before it.
    private static IEnumerable<(string File, string Stage, string Line)> Named(string stage)
    {
        foreach (string file in Repository.Files($"src/MonitorCluster/{stage}", ".cs"))
        {
            foreach (string line in File.ReadLines(Repository.At(file)).Where(l => !l.TrimStart().StartsWith("//", StringComparison.Ordinal)))
            {
                foreach (Match match in StageName().Matches(line))
                {
                    string named = match.Groups["stage"].Value;
                    if (named != stage && (match.Groups["root"].Success || IsTypeOf(named, match.Groups["type"].Value)))
                    {
                        yield return (file, named, line);
                    }
                }
            }
        }
    }

    private static bool IsTypeOf(string stage, string type) => TypesOf.GetValueOrDefault(stage)?.Contains(type) == true;

    private static readonly Dictionary<string, HashSet<string>> TypesOf = typeof(MonitorCluster.Stream.SampleBatch).Assembly.GetTypes()
        .Where(t => t.Namespace?.StartsWith("MonitorCluster.", StringComparison.Ordinal) == true)
        .GroupBy(t => t.Namespace!.Split('.')[1])
        .ToDictionary(g => g.Key, g => g.Select(t => t.Name.Split('`')[0]).ToHashSet());

    [GeneratedRegex(@"(?<![\w.""])(?<root>(global::)?MonitorCluster\.)?(?<stage>Collect|Stream|Aggregate|Detect|Alert|Optimise|Query|Act)\b(\.(?<type>\w+))?")]
    private static partial Regex StageName();

    [GeneratedRegex(@"^\s*(global\s+)?using\s+(static\s+|\w+\s*=\s*)?MonitorCluster\.Actors\b", RegexOptions.Multiline)]
    private static partial Regex ActorUsing();
}
