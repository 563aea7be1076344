using Xunit.Abstractions;
using Xunit.Sdk;

namespace MonitorCluster.Tests.Cluster.Storage;

/// <summary>A <see cref="ConformanceFactAttribute"/> with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("MonitorCluster.Tests.Cluster.Storage.ConformanceTheoryDiscoverer", "MonitorCluster.Tests")]
public sealed class ConformanceTheoryAttribute : TheoryAttribute;

/// <summary>Finds the tests of <see cref="ConformanceTheoryAttribute"/>.</summary>
public sealed class ConformanceTheoryDiscoverer(IMessageSink diagnostics) : TheoryDiscoverer(diagnostics)
{
    /// <inheritdoc/>
    public override IEnumerable<IXunitTestCase> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo theoryAttribute) =>
        NeedsProgramsAttribute.WhyNot(testMethod) is { } reason
            ? CreateTestCasesForSkip(discoveryOptions, testMethod, theoryAttribute, reason)
            : base.Discover(discoveryOptions, testMethod, theoryAttribute);

    /// <inheritdoc/>
    protected override IEnumerable<IXunitTestCase> CreateTestCasesForSkip(
        ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo theoryAttribute, string skipReason) =>
    [
        new XunitSkippedDataRowTestCase(
            DiagnosticMessageSink, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod, skipReason),
    ];
}
