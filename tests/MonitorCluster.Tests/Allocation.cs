namespace MonitorCluster.Tests;

/// <summary>What code allocates on its own thread.</summary>
internal static class Allocation
{
    private const int Rounds = 6;

    /// <summary>Fails when each of several rounds allocates.</summary>
    /// <remarks>One round is no evidence: where code runs for the first time or is compiled anew, the runtime allocates on the same thread. Code that
    /// allocates does so in every round, if every round begins with the same state; room that grows once and is kept is seen only when it is made
    /// anew.</remarks>
    /// <param name="round">The code, the same work from the same state each time.</param>
    public static void AssertNone(Action round) => AssertNone(() => round, static r => r());

    /// <inheritdoc cref="AssertNone(Action)"/>
    /// <param name="fresh">Makes what a round begins with; what it allocates does not count.</param>
    /// <param name="round">The code.</param>
    public static void AssertNone<T>(Func<T> fresh, Action<T> round)
    {
        long[] bytes = new long[Rounds];
        for (int i = 0; i < Rounds; i++)
        {
            T state = fresh();
            long before = GC.GetAllocatedBytesForCurrentThread();
            round(state);
            bytes[i] = GC.GetAllocatedBytesForCurrentThread() - before;
            if (bytes[i] == 0)
            {
                return;
            }
        }

        Assert.Fail($"every round allocated: {string.Join(", ", bytes)} bytes");
    }
}
