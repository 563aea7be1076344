using MonitorCluster.Soak.Rounds;
using Xunit.Abstractions;

namespace MonitorCluster.EndToEndTests.Cluster;

/// <summary>Short forms of the soaks, which <c>scripts/soak</c> runs for hours.</summary>
[Collection(Proofs.Proof.Alone)]
public sealed class SoakTests(ITestOutputHelper output)
{
    private const int SamplesPerSecond = 4_000;

    [RequiresPostgresFact]
    public Task Samples_OwnersKilledUnderLoadOnPostgres_AreThereExactlyOnce() => RunAsync(new KillRound(1), isPostgres: true);

    [Fact]
    public Task Subscriber_DrivenFromNodeToNodeByKills_SeesEveryNumberOnceInOrder() => RunAsync(new AlertStreamRound(), isPostgres: false);

    private async Task RunAsync(Round round, bool isPostgres)
    {
        int seed = Random.Shared.Next();
        var options = new SoakOptions { Name = round.Name, Rounds = 2, Seed = seed, IsPostgres = isPostgres, SamplesPerSecond = SamplesPerSecond };
        await using var words = new StringWriter();

        int code = await new SoakRun(options, round, words).RunAsync();

        output.WriteLine(words.ToString());
        File.Delete(options.LogFile);
        Assert.True(code == 0, words.ToString());
    }
}
