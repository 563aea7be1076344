using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Storage.Sqlite;
using MonitorCluster.Tests.Actors;

namespace MonitorCluster.Tests.Cluster.Storage;

public sealed class StoreActorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mc-store-actor-").FullName;
    private readonly StoreStatistics _statistics = new();
    private readonly Simulation _simulation = new();
    private readonly List<object> _answers = [];
    private readonly HookedConnections _hooks;
    private readonly IActorRef _store;
    private readonly IActorRef _asker;

    public StoreActorTests()
    {
        _hooks = new HookedConnections(new SqliteConnections(Path.Combine(_folder, "store.db")));
        _store = _simulation.System.ActorOf(
            StoreActor.Props(_hooks, _statistics, _simulation.Time, NullLogger<StoreActor>.Instance), "store");
        _asker = _simulation.System.ActorOf(Behaviour.Props(self => self.OnAny(_answers.Add)), "asker");
    }

    public void Dispose()
    {
        _simulation.System.Stop(_store);
        _simulation.RunUntilIdle();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Command_Runs_AnswersWithNameTagAndResult()
    {
        Ask("open", store => store.Open(Identity()), tag: 7);

        StoreReply reply = Assert.IsType<StoreReply>(Assert.Single(_answers));
        Assert.Equal(("open", 7), (reply.Name, reply.Tag));
        Assert.True(Assert.IsType<StoreInfo>(reply.Result).Created);
        Assert.Equal((1, 0, true), (_statistics.Operations, _statistics.Failures, _statistics.IsAvailable));
    }

    [Fact]
    public void Command_DatabaseAway_AnswersFailedAndWorksAgainLater()
    {
        Ask("open", store => store.Open(Identity()));
        _hooks.Before = _ => throw new IOException("gone");
        Ask("members", store => store.Members());
        bool availableDuring = _statistics.IsAvailable;
        _hooks.Before = _ => { };
        Ask("members", store => store.Members());

        Assert.True(Assert.IsType<StoreFailed>(_answers[1]).IsUnavailable);
        Assert.IsType<StoreReply>(_answers[2]);
        Assert.False(availableDuring);
        Assert.Equal((3, 1, true), (_statistics.Operations, _statistics.Failures, _statistics.IsAvailable));
    }

    [Fact]
    public void Command_ProgramError_AnswersFailedAndTheActorLives()
    {
        Ask("bad", _ => throw new InvalidOperationException("bug"));
        Ask("good", _ => 1);

        Assert.False(Assert.IsType<StoreFailed>(_answers[0]).IsUnavailable);
        Assert.IsType<StoreReply>(_answers[1]);
    }

    private static StoreIdentity Identity() => new("default", Guid.Empty, 4, 1, "xxh64-v1", new Dictionary<string, string>());

    private void Ask(string name, Func<SqlStore, object?> run, object? tag = null)
    {
        _store.Tell(new StoreCommand(name, run, tag), _asker);
        _simulation.RunUntilIdle();
    }
}
