using System.Globalization;

namespace MonitorCluster.Act;

/// <summary>What is said of actions and of their refusal: why, and when it may change. Sentences for a tired person.</summary>
internal static class ActuationWords
{
    /// <summary>The channel of entries about single actions in the alert log.</summary>
    public const string Channel = "actuation";

    /// <summary>The channel of the alert that a policy turned itself off.</summary>
    public const string OffChannel = "actuation-off";

    public static string Step(TargetReading server, int wanted, double latency, double median) => string.Create(
        CultureInfo.InvariantCulture,
        $"{server.Name} answers in {Seconds(latency)}, the median is {Seconds(median)}: weight {server.Value} to {wanted} (initial {server.InitialValue})");

    public static string Return(TargetReading server, int wanted) => string.Create(
        CultureInfo.InvariantCulture, $"{server.Name} is as fast as the others again: weight {server.Value} back to {wanted} (initial {server.InitialValue})");

    public static string AllIsWell(ActuationPolicy policy) =>
        Say($"all servers are within {policy.DeadBandPercent} % of each other as the law counts, and have their initial weights: nothing to do");

    public static string NobodyToCompare(ActuationPolicy policy, string[] up) => up.Length == 0
        ? Say($"no server of {policy.Backend} takes requests: nothing is done until two of them do")
        : Say($"{up[0]} is the last server of {policy.Backend} that takes requests, and the last one is never touched: something may be done when two do");

    public static string NoFreshLatency(ActuationPolicy policy, string[] servers) => Say(
        $"no latency newer than {GuardRails.ScrapesFresh} scrapes ({Time(GuardRails.ScrapesFresh * policy.ScrapeInterval)}) of {string.Join(", ", servers)}: ")
        + "nothing is done until every server that takes requests has one";

    public static string NoFreshErrors(ActuationPolicy policy) => Say(
        $"no share of failed requests newer than {GuardRails.ScrapesFresh} scrapes ({Time(GuardRails.ScrapesFresh * policy.ScrapeInterval)}): ")
        + "nothing is done while nobody could see harm";

    public static string TooFewWindows(ActuationPolicy policy, TargetReading server, ServerTrend trend) =>
        Say($"{trend.Windows} windows in a row say that {server.Name} should change, {policy.WindowsAgree} must: ")
        + Say($"in {Time((policy.WindowsAgree - trend.Windows) * policy.Window)} at the earliest");

    public static string WeightTooCoarse(TargetReading server) =>
        Say($"the initial weight of {server.Name} is {server.InitialValue}, of which a step is no whole number: ")
        + "write \"weight 100\" in HAProxy's configuration";

    public static string AtItsBound(ActuationPolicy policy, TargetReading server) =>
        Say($"{server.Name} has weight {server.Value} of {server.InitialValue}, which is the policy's bound ({policy.PercentMin} to {policy.PercentMax} %)");

    public static string LastServer(TargetReading server) =>
        Say($"weight 0 for {server.Name} would leave no server: refused until another one takes requests");

    public static string TooLittleCapacity(ActuationPolicy policy, TargetReading server, int wanted, long after, long initial) => Say(
        $"weight {wanted} for {server.Name} would leave {after * 100 / initial} % of the weight of the servers that are up, ")
        + Say($"at least {policy.CapacityPercentMin} % must stay: when others have more, or more are up");

    public static string TooSoon(TargetReading server, long leftMs) =>
        Say($"{server.Name} should change, but the last step is too recent: in {Time(leftMs)}");

    public static string CoolingDown(TargetReading server, long leftMs) =>
        Say($"{server.Name} went the other way a moment ago: in {Time(leftMs)}, when the cool-down is over");

    public static string CoolingAfterRevert(ActuationPolicy policy, long leftMs) =>
        Say($"the last step of {policy.Name} had to be taken back: the next one in {Time(leftMs)}, when the cool-down is over");

    public static string OverBudget(ActuationPolicy policy) =>
        Say($"{policy.Name} has made {policy.DailyBudget} steps within 24 hours, which is its daily budget: when the oldest is a day old");

    public static string Held(double value) => Say($"hold_while yields {value}: nothing new is done until it yields 0 or nothing");

    public static string Paused() => "the optimiser is paused: nothing new is done until somebody resumes it; what was done ends by its time";

    public static string Off(ActuationPolicy policy) =>
        Say($"{policy.Name} is off, because two of its steps in a row had to be taken back: it goes on when its file {policy.File} was changed");

    public static string NotReached(string reason) => Say($"nothing is known, so nothing is done: {reason}; it is tried again at every look");

    public static string Fenced() => "another node owns the policy's shard by now, and acts for it";

    public static string Busy() => "another action on the same server is open: the next look knows which";

    public static string Verified(VerifyRecord verify) => Say($"kept: {Compare(verify)}");

    public static string Harmful(VerifyRecord verify) => Say($"taken back, it did not help: {Compare(verify)}");

    public static string NotJudged(ActuationPolicy policy) =>
        Say($"taken back: {Time(policy.VerifyAfter)} after it was to be judged there still is no fresh value to judge it by");

    public static string Expired() => "its time is over and its reason did not stand any more: back to the initial weight";

    public static string Withdrawn(ActuationPolicy policy) => policy.IsRetired
        ? "the policy is gone: back to the initial weight"
        : policy.IsDryRun ? "the policy is a dry run now: back to the initial weight" : "the policy is off: back to the initial weight";

    public static string Arrived() => "the server has its initial weight again";

    public static string Overruled(int value) => Say($"somebody else set weight {value}: left as it is");

    public static string Gone() => "HAProxy does not know the server any more";

    public static string NeverDone() => "it was written down and not done in time: the node that decided it ended";

    public static string CouldNot(string reason) => Say($"could not be done: {reason}");

    private static string Compare(VerifyRecord verify) => Say(
        $"the goal was {Seconds(verify.GoalBefore)} and is {Seconds(verify.GoalAfter ?? double.NaN)}, ")
        + Say($"failed requests were {verify.ErrorsBefore:P1} and are {verify.ErrorsAfter ?? double.NaN:P1}");

    private static string Seconds(double seconds) =>
        seconds < 1 ? Say($"{seconds * 1000:0.#} ms") : Say($"{seconds:0.##} s");

    private static string Time(TimeSpan time) => Time((long)time.TotalMilliseconds);

    private static string Time(long ms) => ms < 10_000 ? Say($"{ms / 1000.0:0.#} s") : ms < 120_000 ? Say($"{ms / 1000} s") : Say($"{ms / 60_000.0:0.#} min");

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
