namespace MonitorCluster.Aggregate;

/// <summary>What a <see cref="RegionState"/> wants done. Actors are named by numbers that are never used twice.</summary>
internal abstract record RegionEffect
{
    private RegionEffect()
    {
    }

    /// <summary>Make a shard's actor.</summary>
    public sealed record OpenActor(long Instance, ShardRecipe Recipe) : RegionEffect;

    /// <summary>Stop it; nothing is expected of it any more.</summary>
    public sealed record StopActor(long Instance) : RegionEffect;

    /// <summary>Tell it something.</summary>
    public sealed record TellActor(long Instance, object Message) : RegionEffect;

    /// <summary>Ask the store which shards it has data of.</summary>
    public sealed record AskWithData : RegionEffect;

    /// <summary>Ask the new owner to load a shard.</summary>
    public sealed record AskWarm(string Address, WarmRequest Request) : RegionEffect;

    /// <summary>Tell the new owner that it is its shard now.</summary>
    public sealed record SendGrant(string Address, GrantRequest Request) : RegionEffect;

    /// <summary>Answer another node that asked to load a shard; a null answer is a refusal.</summary>
    public sealed record AnswerWarm(IActorRef Asker, WarmAnswer? Answer, string Reason) : RegionEffect;

    /// <summary>Hand a shard over that has no actor because nothing is stored of it.</summary>
    public sealed record HandOverEmpty(HandOverShard Message) : RegionEffect;

    /// <summary>Ask membership to read the view again, in any case when the version is <see cref="long.MaxValue"/>.</summary>
    public sealed record LookAgain(long Version) : RegionEffect;

    /// <summary>Tell membership that the view has changed by a hand-over.</summary>
    public sealed record TellHandedOver : RegionEffect;

    /// <summary>Something is so that never may be.</summary>
    public sealed record Violated(string What) : RegionEffect;
}

/// <summary>How to make a shard's actor.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Epoch">The epoch under which it is opened; of a warming one, that of the node that still owns it.</param>
/// <param name="Incarnation">This node.</param>
/// <param name="IsWarming">Whether it is another node's still: load it, change nothing, wait for <see cref="TakeOverShard"/>.</param>
internal sealed record ShardRecipe(int ShardId, long Epoch, long Incarnation, bool IsWarming)
{
    /// <summary>Where the actor writes what it costs; null when nobody reads it.</summary>
    public ShardMeter? Meter { get; init; }
}
