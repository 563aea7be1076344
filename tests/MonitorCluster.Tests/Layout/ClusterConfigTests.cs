using Microsoft.Extensions.Configuration;
using MonitorCluster.Node;

namespace MonitorCluster.Tests.Layout;

/// <summary>The files of cluster-config/ are accepted by the program as they are, once the secrets that they name are where they name them.</summary>
public class ClusterConfigTests
{
    public static TheoryData<string> Files => [.. Repository.Files("cluster-config", ".json")];

    [Theory]
    [MemberData(nameof(Files))]
    public void File_IsAccepted(string file)
    {
        IConfigurationRoot configuration = new ConfigurationBuilder().AddJsonFile(Repository.At(file)).Build();

        NodeSettings.Read(configuration, out IReadOnlyList<string> errors);

        Assert.DoesNotContain(errors, e => !IsAboutASecretOfTheHost(e));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Readme_NamesTheFile(string file) => Assert.Contains(
        Path.GetFileName(file), File.ReadAllText(Repository.At("cluster-config", "README.md")), StringComparison.Ordinal);

    [Fact]
    public void Files_AreThere() => Assert.True(Files.Count >= 8);

    // Certificates, keys and tokens are made on the hosts; that they are missing here is the one thing that may be said.
    private static bool IsAboutASecretOfTheHost(string error) =>
        error.Contains("(/etc/monitorcluster/", StringComparison.Ordinal) && error.Contains("Could not find", StringComparison.Ordinal);
}
