using MonitorCluster.Act;

namespace MonitorCluster.Tests.Act;

public sealed class PolicyFileTests
{
    [Fact]
    public void Read_Minimal_HasTheDefaultsAndIsADryRun()
    {
        ActuationPolicy policy = Policies.Read(Policies.Minimal);

        Assert.True(policy.IsDryRun);
        Assert.Equal(("web", "web", "server"), (policy.Name, policy.Backend, policy.ServerLabel));
        Assert.Equal((60, 20, 10, 5), (policy.CapacityPercentMin, policy.StepPercent, policy.DeadBandPercent, policy.WindowsAgree));
        Assert.Equal((TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(2)), (policy.Interval, policy.TimeToLive, policy.VerifyAfter));
        Assert.Equal("unix:/run/haproxy/admin.sock web/a", policy.TargetOf("a"));
        Assert.Equal("a", policy.ServerOf(policy.TargetOf("a")));
        Assert.Null(policy.ServerOf("unix:/run/haproxy/admin.sock other/a"));
    }

    [Fact]
    public void Read_ExampleOfTheRepository_IsGood()
    {
        string folder = Layout.Repository.At("cluster-config", "policies");

        ActuationPolicy policy = Assert.Single(PolicyFolder.Read(folder, out IReadOnlyList<string> faults));

        Assert.Empty(faults);
        Assert.True(policy.IsDryRun);
    }

    [Fact]
    public void Read_FormatPage_HoldsTheExample() => Assert.Contains(
        File.ReadAllText(Layout.Repository.At("cluster-config", "policies", "web-weights.policy.yaml")).Trim(),
        File.ReadAllText(Layout.Repository.At("docs", "formats", "actuation-policy.md")), StringComparison.Ordinal);

    [Theory]
    [InlineData("dry_rum: false", "dry_rum is no key here; there are bounds, dry_run")]
    [InlineData("dry_run: perhaps", "line 8: dry_run: \"perhaps\" is no switch")]
    [InlineData("bounds: { min_percent: -1 }", "bounds.min_percent: (-1) must be 0 to 100")]
    [InlineData("bounds: { min_capacity_percent: 0 }", "bounds.min_capacity_percent: (0) must be 1 to 100")]
    [InlineData("bounds: { min_percent: 1.5 }", "bounds.min_percent: \"1.5\" is no whole number")]
    [InlineData("bounds: { step_percent: 5 }", "bounds.step_percent (5) must be at least bounds.dead_band_percent (10)")]
    [InlineData("bounds: { step_percent: 50 }", "bounds.step_percent: (50) must be 1 to 20")]
    [InlineData("bounds: 5", "bounds: must be a mapping")]
    [InlineData("bounds: { floor: 5 }", "bounds.floor is no key here")]
    [InlineData("timing: { ttl: 600 }", "timing.ttl: \"600\" is no duration; write 500ms")]
    [InlineData("timing: { ttl: 1m }", "timing.ttl must be more than timing.verify_after")]
    [InlineData("timing: { windows_agree: 4 }", "timing.windows_agree: (4) must be 5 to 100")]
    [InlineData("timing: { window: 5s }", "timing.window must be at least metrics.scrape_interval")]
    [InlineData("limits: { daily_budget: [1] }", "limits.daily_budget: must be one text")]
    [InlineData("name: twice", "is no YAML: Duplicate key")]
    [InlineData("limits: &a { daily_budget: 1 }", "has an anchor")]
    [InlineData("limits: !!map { daily_budget: 1 }", "has a tag")]
    [InlineData("limits: [[[[[[[[[[]]]]]]]]]]", "is nested too deeply")]
    [InlineData("--- {}", "must be one YAML document")]
    public void Read_FaultyLine_IsNamed(string line, string fault) =>
        Assert.Contains(Policies.Faults(Policies.Minimal + "\n" + line), f => f.StartsWith("web.policy.yaml: ", StringComparison.Ordinal) && f.Contains(fault));

    [Theory]
    [InlineData("backend: web", "backend: \"web; shutdown sessions\"", "haproxy.backend: \"web; shutdown sessions\" must be letters")]
    [InlineData("backend: web", "backend: \"web\\nshow env\"", "haproxy.backend")]
    [InlineData("backend: web", "backend: web\n  servers: [a, b/c]", "haproxy.servers: \"b/c\" must be letters")]
    [InlineData("backend: web", "backend: web\n  servers: [a, a]", "haproxy.servers: \"a\" is there twice")]
    [InlineData("backend: web", "backend: web\n  servers: []", "haproxy.servers: must be a list")]
    [InlineData("  backend: web\n", "", "line 3: haproxy.backend: is missing")]
    [InlineData("unix:/run/haproxy/admin.sock", "tcp:192.0.2.7:9999", "is not on this machine")]
    [InlineData("unix:/run/haproxy/admin.sock", "tcp:localhost:9999", "must be unix:/PATH or tcp:ADDRESS:PORT")]
    [InlineData("unix:/run/haproxy/admin.sock", "unix:admin.sock", "must name an absolute path")]
    [InlineData("rate(request_seconds_sum[1m]) /", "rate(request_seconds_sum) /", "metrics.latency: is no query")]
    [InlineData("rate(request_seconds_sum[1m]) / rate(request_seconds_count[1m])", "request_seconds_sum[1m]", "metrics.latency: yields a matrix")]
    [InlineData("  errors:", "  error:", "metrics.errors: is missing")]
    [InlineData("name: web", "name: \"a b\"", "name: \"a b\" must be 1 to 64")]
    public void Read_FaultyValue_IsNamed(string good, string bad, string fault)
    {
        string text = Policies.Minimal.Replace(good, bad, StringComparison.Ordinal);

        Assert.Contains(Policies.Faults(text), f => f.Contains(fault, StringComparison.Ordinal));
    }

    [Fact]
    public void Read_SeveralFaults_AllAreNamed()
    {
        IReadOnlyList<string> faults = Policies.Faults("name: web\nhaproxy: { endpoint: unix:x }\nlimits: { daily_budget: no }");

        Assert.Equal(4, faults.Count); // endpoint, backend, metrics, budget
        Assert.Contains(faults, f => f.Contains("line 3: limits.daily_budget", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("- a")]
    [InlineData("\0\u0001")]
    [InlineData("a: b: c")]
    [InlineData("{{{{")]
    public void Read_Nonsense_IsRefused(string text) => Assert.NotEmpty(Policies.Faults(text));

    [Fact]
    public void Read_RemoteAndAllowed_IsTaken()
    {
        string text = Policies.Minimal.Replace(
            "endpoint: unix:/run/haproxy/admin.sock", "endpoint: tcp:192.0.2.7:9999\n  allow_remote: true", StringComparison.Ordinal);

        Assert.Equal("tcp:192.0.2.7:9999", Policies.Read(text).Endpoint.Text);
        Assert.True(Policies.Read(text.Replace("192.0.2.7", "127.0.0.2", StringComparison.Ordinal)).Endpoint.IsLocal);
    }

    [Fact]
    public void Folder_TwoPoliciesForOneServer_AreRefused()
    {
        string folder = Directory.CreateTempSubdirectory("mc-policies-").FullName;
        File.WriteAllText(Path.Combine(folder, "a.policy.yaml"), Policies.Minimal);
        File.WriteAllText(Path.Combine(folder, "b.policy.yaml"), Policies.Minimal);
        File.WriteAllText(Path.Combine(folder, "c.yaml"), "not a policy");

        Assert.Empty(PolicyFolder.Read(folder, out IReadOnlyList<string> faults));

        Assert.Equal(2, faults.Count);
        Assert.Contains(faults, f => f.Contains("name: \"web\" is there more than once", StringComparison.Ordinal));
        Assert.Contains(faults, f => f.Contains("a server has one policy", StringComparison.Ordinal));
        Directory.Delete(folder, recursive: true);
        Assert.Empty(PolicyFolder.Read(folder, out faults));
        Assert.Contains("cannot be read", Assert.Single(faults), StringComparison.Ordinal);
    }
}
