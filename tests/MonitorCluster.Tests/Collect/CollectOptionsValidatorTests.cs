using MonitorCluster.Collect;

namespace MonitorCluster.Tests.Collect;

public class CollectOptionsValidatorTests
{
    private readonly CollectOptionsValidator validator = new();

    [Fact]
    public void Validate_Defaults_Succeed() => Assert.True(validator.Validate(null, new CollectOptions()).Succeeded);

    [Fact]
    public void Validate_SeveralFaults_ListsThemAll()
    {
        var options = new CollectOptions
        {
            Interval = TimeSpan.FromMilliseconds(200),
            BackoffMax = TimeSpan.Zero,
            Disabled = "cpu, nosuch",
            NetDevicesExclude = "(",
        };

        string[] reasons = [.. validator.Validate(null, options).Failures!];

        Assert.Contains(reasons, r => r.Contains("Collect:SourceTimeout (00:00:00.8000000) must be less than Collect:Interval", StringComparison.Ordinal));
        Assert.Contains(reasons, r => r.Contains("BackoffMax", StringComparison.Ordinal));
        Assert.Contains(reasons, r => r.Contains("\"nosuch\"", StringComparison.Ordinal));
        Assert.Contains(reasons, r => r.Contains("NetDevicesExclude", StringComparison.Ordinal));
    }

    [Fact]
    public void Create_Disabled_LeavesThemOut()
    {
        IReadOnlyList<ISampleSource> sources = HostSources.Create(new CollectOptions { Disabled = "cpu,edac" }, TimeProvider.System);

        Assert.DoesNotContain(sources, s => s.Name is "cpu" or "edac");
        Assert.Equal(HostSources.Names.Count - 2, sources.Count);
        Assert.Equal(HostSources.Names.Count, HostSources.Names.Distinct().Count());
    }
}
