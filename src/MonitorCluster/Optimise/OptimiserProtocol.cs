using System.Text.Json;
using System.Text.Json.Serialization;

namespace MonitorCluster.Optimise;

// What is asked of the optimiser. Any node may be asked: what only the controller knows, it asks the controller.
//
//   OptimiserRequest  ->  supervisor of this node  ->  supervisor of the node that holds the lease  ->  OptimiserReply

/// <summary>What is asked of the optimiser.</summary>
internal enum OptimiserWish
{
    /// <summary>How it sees the cluster, and why it does what it does.</summary>
    Status = 1,

    /// <summary>A plan for now, that is not applied.</summary>
    Plan = 2,

    /// <summary>A plan for now, applied.</summary>
    Apply = 3,

    /// <summary>Undo the plan that runs, or else the last one.</summary>
    Rollback = 4,

    /// <summary>End a suspension after failed plans.</summary>
    Release = 5,
}

/// <summary>A question to the optimiser; the body of a request between nodes is its JSON.</summary>
/// <param name="Wish">What is asked.</param>
/// <param name="By">Who asks.</param>
internal sealed record OptimiserRequest(OptimiserWish Wish, string By)
{
    private const int BodyBytesMax = 4 << 10;
    private const int ByMax = 200;

    public static OptimiserRequest? Read(ReadOnlySpan<byte> body)
    {
        try
        {
            return body.Length <= BodyBytesMax
                && JsonSerializer.Deserialize(body, OptimiserProtocolJson.Default.OptimiserRequest) is { By.Length: <= ByMax } asked && Enum.IsDefined(asked.Wish) ? asked : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, OptimiserProtocolJson.Default.OptimiserRequest);
}

/// <summary>The answer to an <see cref="OptimiserRequest"/>.</summary>
/// <param name="IsDone">Whether it was done.</param>
/// <param name="Text">What was done, or why it was not.</param>
/// <param name="Report">How the optimiser sees the cluster; null when it is not asked for or not known.</param>
/// <param name="IsNotController">Whether another node must be asked.</param>
internal sealed record OptimiserReply(bool IsDone, string Text, OptimiserReport? Report = null, bool IsNotController = false)
{
    private const int BodyBytesMax = 1 << 20;

    public static OptimiserReply? Read(ReadOnlySpan<byte> body)
    {
        try
        {
            return body.Length <= BodyBytesMax
                && JsonSerializer.Deserialize(body, OptimiserProtocolJson.Default.OptimiserReply) is { Text: not null } reply ? reply : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, OptimiserProtocolJson.Default.OptimiserReply);
}

/// <summary>How the optimiser sees the cluster.</summary>
/// <param name="Controller">The node that holds the lease.</param>
/// <param name="State"><c>watching</c>, <c>acting</c>, <c>paused</c>, <c>suspended</c>, <c>blind</c> (loads are not known) or <c>off</c>.</param>
/// <param name="Why">Why there is no plan and when that may change, or what is being done.</param>
/// <param name="Now">The loads; null when they are not known.</param>
/// <param name="Pressure">The trigger's sum; a plan is made over 0.6.</param>
/// <param name="PlanId">The plan that runs; null for none.</param>
/// <param name="Proposal">The plan that was asked for; null when none was.</param>
internal sealed record OptimiserReport(
    string Controller, string State, string Why, PlanPicture? Now, double Pressure, long? PlanId, Proposal? Proposal);

/// <summary>A plan that is not applied.</summary>
/// <param name="Moves">Its moves, the most useful first.</param>
/// <param name="Predicted">The nodes as they should become.</param>
/// <param name="LowerBound">The fewest moves with which any plan could do it.</param>
/// <param name="CostSeconds">What the moves cost, CPU seconds.</param>
/// <param name="Giants">Shards that no placement can make fit.</param>
/// <param name="WhyNot">Why there is no move; empty when there are some.</param>
/// <param name="Brakes">What would keep it from being made by itself now; empty when nothing would.</param>
internal sealed record Proposal(
    IReadOnlyList<ProposedMove> Moves, PlanPicture Predicted, int LowerBound, double CostSeconds, IReadOnlyList<string> Giants, string WhyNot, string Brakes);

/// <summary>A move that is not made.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="From">Its owner.</param>
/// <param name="To">Where it would go.</param>
/// <param name="Gain">By how much the objective would fall.</param>
/// <param name="Reason">Why, for people.</param>
internal sealed record ProposedMove(int Shard, string From, string To, double Gain, string Reason);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(OptimiserRequest))]
[JsonSerializable(typeof(OptimiserReply))]
[JsonSerializable(typeof(OptimiserReport))]
internal sealed partial class OptimiserProtocolJson : JsonSerializerContext;
