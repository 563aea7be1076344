using Xunit.Abstractions;

namespace MonitorCluster.Tests.Cluster.Storage;

/// <summary>Names the programs that the conformance tests of a class need.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NeedsProgramsAttribute(params string[] programs) : Attribute
{
    /// <summary>File names.</summary>
    public string[] Programs => programs;

    internal static string? WhyNot(ITestMethod method)
    {
        string[] missing =
        [
            .. method.TestClass.Class.GetCustomAttributes(typeof(NeedsProgramsAttribute))
                .SelectMany(attribute => attribute.GetNamedArgument<string[]>(nameof(Programs)))
                .Where(program => InstalledProgram.Find(program) is null),
        ];
        return missing.Length > 0 ? $"not installed: {string.Join(", ", missing)}" : null;
    }
}
