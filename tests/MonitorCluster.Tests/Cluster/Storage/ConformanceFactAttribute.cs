using Xunit.Abstractions;
using Xunit.Sdk;

namespace MonitorCluster.Tests.Cluster.Storage;

/// <summary>A test of a conformance class. In a subclass with <see cref="NeedsProgramsAttribute"/> it is skipped, with the reason, when they are not
/// installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("MonitorCluster.Tests.Cluster.Storage.ConformanceFactDiscoverer", "MonitorCluster.Tests")]
public sealed class ConformanceFactAttribute : FactAttribute;

/// <summary>Finds the tests of <see cref="ConformanceFactAttribute"/>.</summary>
public sealed class ConformanceFactDiscoverer(IMessageSink diagnostics) : FactDiscoverer(diagnostics)
{
    /// <inheritdoc/>
    protected override IXunitTestCase CreateTestCase(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        NeedsProgramsAttribute.WhyNot(testMethod) is { } reason
            ? new XunitSkippedDataRowTestCase(
                DiagnosticMessageSink, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod, reason)
            : base.CreateTestCase(discoveryOptions, testMethod, factAttribute);
}
