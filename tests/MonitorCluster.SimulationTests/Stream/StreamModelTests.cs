namespace MonitorCluster.SimulationTests.Stream;

/// <summary>Collector, log, sender and links under power losses, full disks, lost and repeated messages, cut links, crashing and changing owners.</summary>
public sealed class StreamModelTests
{
    private const int Seeds = 120;

    [Fact]
    public void RandomSchedules_EveryAcknowledgedSample_IsJournalledExactlyOnceAndInOrder()
    {
        int acknowledged = 0;
        for (int seed = 1; seed <= Seeds; seed++)
        {
            try
            {
                acknowledged += new StreamWorld(seed).Run();
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}", e);
            }
        }

        Assert.True(acknowledged > Seeds * 20, $"only {acknowledged} batches were acknowledged: the schedules test nothing");
    }

    [Theory]
    [InlineData((int)ModelMutation.NoFence)]
    [InlineData((int)ModelMutation.DurableBeforeCommit)]
    [InlineData((int)ModelMutation.NoNumberCheck)]
    [InlineData((int)ModelMutation.MarksNotLoaded)]
    [InlineData((int)ModelMutation.DefinitionsLost)]
    [InlineData((int)ModelMutation.SenderHearsNoViews)]
    public void BrokenVariant_SomeSeed_IsCaught(int mutation)
    {
        IEnumerable<int> caught = Enumerable.Range(1, 60).Where(seed =>
        {
            try
            {
                new StreamWorld(seed, (ModelMutation)mutation).Run();
                return false;
            }
            catch (Xunit.Sdk.XunitException)
            {
                return true;
            }
        });

        Assert.True(caught.Any(), $"{(ModelMutation)mutation} passes 60 seeds");
    }

    [Fact]
    public void OwnerKnowsMoreThanTheLog_CollectorTakesANewIdentityAndSendsAll()
    {
        var world = new StreamWorld(5, isFaulty: false);
        world.Submit(30, waitDurable: false);
        world.Advance(2_000);
        world.ForgetAll();
        // As if the log's disk were restored from an image: the owner has sections that the log never numbered.
        world.Store.Journal(1, world.CollectorId).DurableSeq = 99;

        world.RestartCollector();
        world.Advance(10_000);
        world.Journal();

        Assert.Equal(1, world.Counters.IdentitiesMintedTotal);
        world.CheckArrived(mayDouble: true); // which sections had arrived is not known any more: owners drop a sample of the same series and time
    }

    [Fact]
    public void OwnerHasLessThanWasJournalled_BelievedOnlyWhenItLasts()
    {
        var world = new StreamWorld(5, isFaulty: false);
        world.Submit(30, waitDurable: false);
        world.Advance(1_000);
        world.Journal();
        world.ForgetAll();
        world.Store.Journal(1, world.CollectorId).DurableSeq = 0; // as if the store were restored from an image

        world.Submit(30, waitDurable: false);
        world.Advance(9_000);
        Assert.Equal(0, world.Counters.IdentitiesMintedTotal);
        world.Advance(10_000);
        world.Journal();

        Assert.Equal(1, world.Counters.IdentitiesMintedTotal);
        world.CheckArrived(mayDouble: true);
    }
}
