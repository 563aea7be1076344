using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Act;

/// <summary>What a policy does at one look.</summary>
/// <param name="Effects">In order; when one fails the rest is left to the next look.</param>
/// <param name="Words">How things stand, one sentence.</param>
/// <param name="Status">How things stand.</param>
internal sealed record PolicyDecision(IReadOnlyList<PolicyEffect> Effects, string Words, PolicyStatus Status);

/// <summary>Decides for one policy. Pure: what was seen and what the store knows goes in, effects come out.</summary>
/// <remarks>
/// <para>
/// It keeps nothing itself but what the law has learnt of past windows: which actions are open says the store at every look. So a write whose answer was
/// lost, a command that nobody knows to be done, a node that was killed in the middle and a new owner are all the same to it:
/// </para>
/// <list type="number">
/// <item>An action is written before it is done. One that was written and not done yet is done while it is young, and called off after that.</item>
/// <item>A target that has the value of its action is as it should be. Then the action is judged when it is due, and prolonged while its reason stands.</item>
/// <item>A target that has its initial value again was reset by a reload of the service: the value is set again.</item>
/// <item>A target that has any other value was set by a person: the action ends, and the target is left alone until it has its initial value.</item>
/// <item>An action whose time is over, whose policy is off, gone or a dry run by now, is taken back, whether the optimiser is paused or not.</item>
/// </list>
/// <para>Only when no open action needs anything a new step is considered. Source of the rails: docs/formats/actuation-policy.md.</para>
/// </remarks>
/// <param name="policy">The policy.</param>
/// <param name="actuator">Proposes, and knows what the looks have shown.</param>
internal sealed class PolicyState(ActuationPolicy policy, IActuator actuator)
{
    /// <summary>How many steps in a row may be taken back before the policy is off.</summary>
    public const int RevertsMax = 2;

    private readonly ActuationLog log = new(policy);
    private readonly long lifeMs = (long)policy.TimeToLive.TotalMilliseconds;
    private long nowMs;

    /// <summary>Why the last command failed; null when it did not.</summary>
    public string? LastFailure { get; set; }

    /// <summary>Decides once.</summary>
    /// <param name="seen">What the gateway saw.</param>
    /// <param name="book">What the store knows.</param>
    /// <param name="at">The clock, from any beginning; it only rises.</param>
    /// <param name="wallMs">Milliseconds since 1970, for entries of the alert log.</param>
    public PolicyDecision Decide(PolicyObserved seen, ActuationBook book, TimeSpan at, long wallMs)
    {
        nowMs = wallMs;
        if (seen.Failure is { } failure)
        {
            return new PolicyDecision([], ActuationWords.NotReached(failure), PolicyStatus.Unreachable);
        }

        int reverts = RevertsInARow(book);
        bool isOff = reverts >= RevertsMax;
        ActuationRow[] open = [.. book.Open.Where(r => policy.ServerOf(r.Target) is not null)];
        TargetReading[] targets = [.. seen.Targets.Select(t => t with { MayTouch = t.MayTouch && IsOurs(t, open) })];
        var look = new ActuationLook(at, targets, seen.Latency, seen.Errors, seen.Goal, HistoryOf(open, book));
        Proposal proposal = policy.IsRetired ? new Proposal(null, ActuationWords.Withdrawn(policy), IsRefusal: false) : actuator.Propose(look);
        var effects = new List<PolicyEffect>();
        AlertOfBeingOff(book, isOff, effects);
        foreach (ActuationRow row in open)
        {
            TargetReading? target = seen.Targets.FirstOrDefault(t => t.Target == row.Target);
            if (Reconcile(row, target, book.IsPaused, isOff, reverts) is { } effect)
            {
                effects.Add(effect);
            }
        }

        return effects.Count > 0 ? new PolicyDecision(effects, effects[^1].Words, PolicyStatus.Acting)
            : policy.IsRetired ? new PolicyDecision([], proposal.Words, PolicyStatus.Retired)
            : isOff ? new PolicyDecision([], ActuationWords.Off(policy), PolicyStatus.Off)
            : Step(proposal, open, book, seen.Hold);
    }

    // A value that no open action explains was set by a person.
    private static bool IsOurs(TargetReading target, ActuationRow[] open) =>
        target.Value == target.InitialValue || Array.Exists(open, r => r.Target == target.Target);

    private PolicyEffect? Reconcile(ActuationRow row, TargetReading? target, bool isPaused, bool isOff, int reverts)
    {
        if (target is null)
        {
            return Note(row, ActuationState.Overruled, ActuationKind.Failed, ActuationWords.Gone());
        }

        bool isOnItsWay = row.State == ActuationState.Intended && target.Value == row.OldValue;
        if (target.InitialValue != row.InitialValue || (target.Value != row.NewValue && target.Value != target.InitialValue && !isOnItsWay))
        {
            return Note(row, ActuationState.Overruled, ActuationKind.Failed, ActuationWords.Overruled(target.Value)); // also when its time is over
        }

        if (row.LeftMs <= 0)
        {
            return TakeBack(row, ActuationState.Returned, ActuationKind.Returned, ActuationWords.Expired());
        }

        if (policy.IsRetired || policy.IsDryRun || isOff || !target.MayTouch)
        {
            return TakeBack(row, ActuationState.Returned, ActuationKind.Returned, ActuationWords.Withdrawn(policy));
        }

        return target.Value == row.NewValue ? AsItShouldBe(row, target, isPaused, reverts)
            : isOnItsWay ? NotDoneYet(row, isPaused)
            : AfterReload(row, isPaused);
    }

    private PolicyEffect? AsItShouldBe(ActuationRow row, TargetReading target, bool isPaused, int reverts)
    {
        if (row.State == ActuationState.Intended)
        {
            return target.Value == target.InitialValue
                ? Note(row, ActuationState.Returned, ActuationKind.Returned, ActuationWords.Arrived())
                : Note(row, ActuationState.Applied, ActuationKind.Applied, row.Reason);
        }

        if (row.VerifyInMs is <= 0)
        {
            return Judge(row, reverts);
        }

        return !isPaused && row.LeftMs < lifeMs / 2 && actuator.HasReason(target)
            ? new PolicyEffect
            {
                Change = new ActuationChange(row.ActionId, row.State, row.State, LifeMs: lifeMs),
                Words = $"the reason stands, so it goes on: {row.Reason}",
                Kind = ActuationKind.Renewed,
            }
            : null;
    }

    private PolicyEffect? Judge(ActuationRow row, int reverts)
    {
        if (VerifyRecord.Read(row.VerifyJson) is not { } before)
        {
            return TakeBack(row, ActuationState.Returned, ActuationKind.Returned, ActuationWords.NotJudged(policy));
        }

        if (actuator.Goal is not { } goal || actuator.Errors is not { } errors)
        {
            return -row.VerifyInMs!.Value > policy.VerifyAfter.TotalMilliseconds
                ? TakeBack(row, ActuationState.Returned, ActuationKind.Returned, ActuationWords.NotJudged(policy))
                : null;
        }

        VerifyRecord judged = before.Judge(policy, goal, errors);
        if (judged.IsKept == true)
        {
            return Note(row, ActuationState.Verified, ActuationKind.Verified, ActuationWords.Verified(judged), VerifyRecord.ToJson(judged));
        }

        PolicyEffect back = TakeBack(row, ActuationState.Reverted, ActuationKind.Reverted, ActuationWords.Harmful(judged), VerifyRecord.ToJson(judged));
        return reverts + 1 >= RevertsMax ? back with { Entries = [.. back.Entries, log.Off(nowMs)] } : back;
    }

    private PolicyEffect NotDoneYet(ActuationRow row, bool isPaused) => isPaused || row.AgeMs > policy.Interval.TotalMilliseconds
        ? Note(row, ActuationState.Failed, ActuationKind.Failed, LastFailure is { } why ? ActuationWords.CouldNot(why) : ActuationWords.NeverDone())
        : Do(row, row.NewValue == row.InitialValue ? ActuationState.Returned : ActuationState.Applied);

    private PolicyEffect AfterReload(ActuationRow row, bool isPaused) => isPaused
        ? Note(row, ActuationState.Returned, ActuationKind.Returned, ActuationWords.Arrived())
        : Do(row, row.State);

    private PolicyEffect Do(ActuationRow row, ActuationState then) => new()
    {
        Target = row.Target,
        Value = row.NewValue,
        Change = new ActuationChange(row.ActionId, row.State, then),
        Entries = [log.Entry(row.Target, ActuationKind.Applied, row.Reason, nowMs)],
        Words = row.Reason,
        Kind = ActuationKind.Applied,
    };

    private PolicyEffect Note(ActuationRow row, ActuationState to, ActuationKind kind, string words, string? verifyJson = null) => new()
    {
        Change = new ActuationChange(row.ActionId, row.State, to, to == ActuationState.Applied ? null : $"{row.Reason}; {words}", VerifyJson: verifyJson),
        Entries = [log.Entry(row.Target, kind, words == row.Reason ? words : $"{policy.ServerOf(row.Target)}: {words}", nowMs)],
        Words = words,
        Kind = kind,
    };

    private PolicyEffect TakeBack(ActuationRow row, ActuationState to, ActuationKind kind, string words, string? verifyJson = null) =>
        Note(row, to, kind, words, verifyJson) with { Target = row.Target };

    private void AlertOfBeingOff(ActuationBook book, bool isOff, List<PolicyEffect> effects)
    {
        if (log.FindOff(book.OpenAlerts) is not { } off)
        {
            if (isOff)
            {
                effects.Add(new PolicyEffect { Entries = [log.Off(nowMs)], Words = ActuationWords.Off(policy), Kind = ActuationKind.Refused });
            }
        }
        else if (!isOff)
        {
            effects.Add(new PolicyEffect { Entries = [ActuationLog.On(off, nowMs)], Words = "the policy is on again", Kind = ActuationKind.Renewed });
        }
    }

    private PolicyDecision Step(Proposal proposal, ActuationRow[] open, ActuationBook book, double hold)
    {
        if (proposal.Step is not { } step)
        {
            return new PolicyDecision([], proposal.Words, proposal.IsRefusal ? PolicyStatus.Refused : PolicyStatus.Watching);
        }

        ActuationRow? before = open.FirstOrDefault(r => r.Target == step.Target.Target);
        string? objection = book.IsPaused ? ActuationWords.Paused()
            : hold != 0 ? ActuationWords.Held(hold)
            : before is { State: ActuationState.Intended } ? ActuationWords.Busy()
            : !step.IsReturn && (actuator.Goal is null || actuator.Errors is null) ? ActuationWords.NoFreshErrors(policy)
            : null;
        if (objection is not null)
        {
            return new PolicyDecision([], objection, book.IsPaused ? PolicyStatus.Paused : PolicyStatus.Refused);
        }

        if (policy.IsDryRun && book.Recent.Any(r => r.State == ActuationState.Proposed && r.Target == step.Target.Target
            && r.Revision == policy.Revision && r.NewValue == step.NewValue && r.AgeMs < lifeMs))
        {
            return new PolicyDecision([], $"dry run, already noted: {proposal.Words}", PolicyStatus.Watching);
        }

        return new PolicyDecision([Begin(step, before, proposal.Words)], proposal.Words, PolicyStatus.Acting);
    }

    // A step on top of one that was not judged yet is judged with it, by what was before both: else a chain of steps would never be judged.
    private PolicyEffect Begin(ProposedStep step, ActuationRow? before, string words)
    {
        VerifyRecord? verify = step.IsReturn ? null
            : before is { VerifyInMs: not null } ? VerifyRecord.Read(before.VerifyJson)
            : new VerifyRecord(actuator.Goal!.Value, actuator.Errors!.Value);
        long? due = verify is null ? null : before?.VerifyInMs ?? (long)policy.VerifyAfter.TotalMilliseconds;
        (string target, int value) = (step.Target.Target, step.NewValue);
        bool isBack = value == step.Target.InitialValue;
        string reason = policy.IsDryRun ? $"dry run: {words}" : words;
        ActuationKind kind = policy.IsDryRun ? ActuationKind.Proposed : isBack ? ActuationKind.Returned : ActuationKind.Applied;
        return new PolicyEffect
        {
            Begin = new NewActuation(
                policy.Name, policy.Revision, target, "weight", step.Target.InitialValue, step.Target.Value, value, reason, lifeMs, due,
                VerifyRecord.ToJson(verify), before?.ActionId, policy.IsDryRun),
            Target = policy.IsDryRun ? null : target,
            Value = value,
            Change = policy.IsDryRun ? null : new ActuationChange(0, ActuationState.Intended, isBack ? ActuationState.Returned : ActuationState.Applied),
            Entries = [log.Entry(target, kind, reason, nowMs)],
            Words = reason,
            Kind = kind,
        };
    }

    // Of a dry run the noted steps count as made: it shows what would be. A live policy does not count what it only noted before.
    private ActuationHistory HistoryOf(ActuationRow[] open, ActuationBook book)
    {
        IEnumerable<ActuationRow> made = open.Concat(book.Recent).Where(r => policy.IsDryRun || r.State != ActuationState.Proposed);
        ActuationRow[] steps = [.. made.OrderByDescending(r => r.ActionId)];
        var last = new Dictionary<string, LastStep>(StringComparer.Ordinal);
        foreach (ActuationRow row in steps)
        {
            last.TryAdd(row.Target, new LastStep(row.AgeMs, row.NewValue > row.OldValue));
        }

        return new ActuationHistory(
            steps.Length == 0 ? null : steps.Min(r => r.AgeMs), steps.Where(r => r.State == ActuationState.Reverted).Min(r => r.EndedMs), last,
            book.BegunInDay);
    }

    private int RevertsInARow(ActuationBook book) => book.Open.Concat(book.Recent)
        .Where(r => r.Revision == policy.Revision).OrderByDescending(r => r.ActionId)
        .TakeWhile(r => VerifyRecord.Read(r.VerifyJson)?.IsKept != true).Count(r => r.State == ActuationState.Reverted);
}
