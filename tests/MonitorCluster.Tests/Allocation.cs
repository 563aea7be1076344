namespace MonitorCluster.Tests;

/// <summary>What code allocates on its own thread.</summary>
internal static class Allocation
{
    private const int Rounds = 6;

    /// <summary>Fails when each of several rounds allocates.</summary>
    /// <remarks>One round is no evidence: where code runs for the first time or is compiled anew, the runtime allocates on the same thread. Code that
    /// allocates does so in every round.</remarks>
    /// <param name="round">The code, the same work each time.</param>
    public static void AssertNone(Action round)
    {
        long[] bytes = new long[Rounds];
        for (int i = 0; i < Rounds; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            round();
            bytes[i] = GC.GetAllocatedBytesForCurrentThread() - before;
            if (bytes[i] == 0)
            {
                return;
            }
        }

        Assert.Fail($"every round allocated: {string.Join(", ", bytes)} bytes");
    }
}
