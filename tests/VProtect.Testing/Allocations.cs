namespace VProtect.Testing;

/// <summary>Counts what a piece of code allocates on the managed heap.</summary>
public static class Allocations
{
    private const int Rounds = 5;

    /// <summary>
    /// The least bytes that one of a few rounds allocated on this thread: the first rounds pay for what the runtime makes once,
    /// whenever it pleases to.
    /// </summary>
    public static long Of(Action action)
    {
        long least = long.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
