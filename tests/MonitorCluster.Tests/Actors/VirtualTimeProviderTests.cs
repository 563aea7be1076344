namespace MonitorCluster.Tests.Actors;

public sealed class VirtualTimeProviderTests
{
    private readonly VirtualTimeProvider _time = new();
    private readonly List<string> _fired = [];

    [Fact]
    public void Advance_FiresInOrderOfTime_EqualTimesInOrderOfSetting()
    {
        Set("late", 2);
        Set("first", 1);
        Set("second", 1);

        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(["first@1", "second@1", "late@2"], _fired);
    }

    [Fact]
    public void Periodic_FiresEachPeriod_UntilDisposed()
    {
        ITimer timer = _time.CreateTimer(_ => Note("tick"), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        _time.Advance(TimeSpan.FromSeconds(5));
        timer.Dispose();
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(["tick@1", "tick@3", "tick@5"], _fired);
        Assert.False(timer.Change(TimeSpan.Zero, TimeSpan.Zero));
    }

    [Fact]
    public void Change_ReplacesTheTime()
    {
        ITimer timer = Set("timer", 1);
        timer.Change(TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);

        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(["timer@3"], _fired);
    }

    [Fact]
    public void Timestamps_AndWallClock_MoveTogether()
    {
        DateTimeOffset wall = _time.GetUtcNow();
        long stamp = _time.GetTimestamp();

        _time.Advance(TimeSpan.FromMilliseconds(1_234.5));

        Assert.Equal(TimeSpan.FromMilliseconds(1_234.5), _time.GetElapsedTime(stamp));
        Assert.Equal(TimeSpan.FromMilliseconds(1_234.5), _time.GetUtcNow() - wall);
    }

    [Fact]
    public void FireNext_NothingDueInTime_LeavesTheClock()
    {
        Set("timer", 2);
        DateTimeOffset now = _time.GetUtcNow();

        Assert.False(_time.FireNext(now + TimeSpan.FromSeconds(1)));
        Assert.Equal(now, _time.GetUtcNow());
        Assert.True(_time.FireNext(now + TimeSpan.FromSeconds(2)));
    }

    private ITimer Set(string name, double seconds) =>
        _time.CreateTimer(_ => Note(name), null, TimeSpan.FromSeconds(seconds), Timeout.InfiniteTimeSpan);

    private void Note(string name) => _fired.Add($"{name}@{_time.GetElapsedTime(0).TotalSeconds}");
}
