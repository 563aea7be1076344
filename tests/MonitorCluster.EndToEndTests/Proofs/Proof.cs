namespace MonitorCluster.EndToEndTests.Proofs;

/// <summary>How thoroughly the proofs run: short in every run, with all rounds when <c>PROOF_FULL=1</c> is in the environment.</summary>
internal static class Proof
{
    /// <summary>The collection of tests that measure times or load the machine: they run one by one, with nothing beside them.</summary>
    public const string Alone = "alone";

    /// <summary>Whether all rounds are wanted.</summary>
    public static bool IsFull => Environment.GetEnvironmentVariable("PROOF_FULL") == "1";
}

/// <summary>The collection <see cref="Proof.Alone"/>.</summary>
[CollectionDefinition(Proof.Alone, DisableParallelization = true)]
public sealed class AloneGroup;
