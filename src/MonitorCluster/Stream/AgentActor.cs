using Microsoft.Extensions.Logging;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Stream;

/// <summary>Stands on an agent (collector only, no store) where a member has its membership actor: asks members who owns what, and publishes it.</summary>
/// <remarks>
/// Publishes <see cref="ClusterViewChanged"/>; <see cref="MembershipRefused"/> when its settings do not fit the cluster or the cluster does not let it in,
/// and <see cref="MembershipEvicted"/> when the cluster has become another one. It asks every second, at once after <see cref="LookAgain"/>, and
/// another one when the answer to that brought nothing; while nobody answers, with back-off. An agent is no member: its name may be another's, the identity
/// in its log is what counts. Subscribe before making this actor.
/// </remarks>
public sealed partial class AgentActor : ReceiveActor, IWithTimers
{
    private const string PollTimer = "poll";
    private const long LookAgainMsMin = 100;
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);
    private readonly IActorRef peers;
    private readonly AgentState state;
    private readonly TimeProvider time;
    private readonly Random random;
    private readonly ILogger logger;
    private long askedAt;
    private bool isAsking;
    private bool isOver;
    private bool mustAskAgain;
    private bool isForWish;
    private bool isSilent;

    private AgentActor(AgentSetup setup)
    {
        (peers, time, random, logger) = (setup.Peers, setup.Time, setup.Random, setup.Logger);
        state = new AgentState(setup.Seeds, setup.Shape);
        Receive<Poll>(_ => Ask());
        Receive<PeerAnswer>(m => OnSettled(state.OnAnswer(m.Peer, m.Body), failure: null));
        Receive<PeerFailed>(m => OnSettled(state.OnFailed(m.Failure, m.Reason), m.Reason));
        Receive<LookAgain>(OnLookAgain);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>How to make the actor.</summary>
    /// <param name="setup">What it is made of.</param>
    public static Props Props(AgentSetup setup) => Actors.Props.Create(() => new AgentActor(setup));

    /// <inheritdoc/>
    protected override void PreStart() => Ask();

    private void Ask()
    {
        if (isAsking || isOver)
        {
            return;
        }

        isAsking = true;
        (isForWish, mustAskAgain) = (mustAskAgain, false);
        askedAt = time.GetTimestamp();
        peers.Tell(new PeerRequest(state.Address, RequestKind.Route, RouteCodec.EncodeRequest(state.Version), AnswerTimeout), Self);
    }

    private void OnSettled(object? news, string? failure)
    {
        isAsking = false;
        if (news is not null)
        {
            isOver = news is MembershipRefused or MembershipEvicted;
            Context.System.EventStream.Publish(news);
        }

        if (failure is null && news is null && isForWish)
        {
            state.Turn();
        }

        if (failure is null && isSilent)
        {
            isSilent = false;
            LogBack();
        }
        else if (failure is not null && state.HasTriedAll && !isSilent)
        {
            isSilent = true;
            LogSilent(failure);
        }

        AskIn(Delay());
    }

    // One after the other while there is somebody left to try; when all have failed, with full jitter from 100 ms to 5 s.
    private TimeSpan Delay()
    {
        if (state.FailuresInRow == 0)
        {
            return mustAskAgain ? TimeSpan.FromMilliseconds(LookAgainMsMin) : PollInterval;
        }

        return state.HasTriedAll
            ? TimeSpan.FromMilliseconds(random.NextInt64(Math.Min(5_000, LookAgainMsMin << Math.Min(state.FailuresInRow, 10))) + LookAgainMsMin)
            : TimeSpan.Zero;
    }

    private void OnLookAgain(LookAgain wish)
    {
        if (wish.Version <= state.Version)
        {
            return;
        }

        mustAskAgain = true;
        if (!isAsking && state.FailuresInRow == 0)
        {
            double sinceMs = time.GetElapsedTime(askedAt).TotalMilliseconds;
            AskIn(TimeSpan.FromMilliseconds(Math.Max(0, LookAgainMsMin - sinceMs)));
        }
    }

    private void AskIn(TimeSpan delay) => Timers.StartSingleTimer(PollTimer, Poll.Instance, delay);

    [LoggerMessage(EventId = 3131, Level = LogLevel.Warning,
        Message = "No seed or member of the cluster answers ({Reason}); samples wait in the log, and who owns what may be old")]
    private partial void LogSilent(string reason);

    [LoggerMessage(EventId = 3132, Level = LogLevel.Information, Message = "The cluster answers again")]
    private partial void LogBack();

    private sealed class Poll
    {
        public static readonly Poll Instance = new();
    }
}

/// <summary>What an <see cref="AgentActor"/> is made of.</summary>
/// <param name="Peers">The peers actor.</param>
/// <param name="Seeds">Addresses of members, at least one.</param>
/// <param name="Shape">What this agent's settings say.</param>
/// <param name="Time">The clock.</param>
/// <param name="Random">Chance, for back-off.</param>
/// <param name="Logger">The log.</param>
public sealed record AgentSetup(
    IActorRef Peers, IReadOnlyList<string> Seeds, ClusterShape Shape, TimeProvider Time, Random Random, ILogger Logger);
