using System.Runtime.CompilerServices;
using VProtect.Abstractions;

namespace VProtect.Mover.Acquire.Reader;

/// <summary>A run of whole chunks that are all to be read, or all zeros.</summary>
internal readonly record struct ChunkRun(long FirstChunk, long Count, ExtentKind Kind)
{
    public long EndChunk => FirstChunk + Count;
}

/// <summary>
/// Turns extents of any alignment into runs of whole chunks, ascending and merged. A chunk that is not wholly covered by
/// one zero extent is read; what no extent touches appears in no run.
/// </summary>
internal static class ChunkPlanner
{
    public static async IAsyncEnumerable<ChunkRun> PlanAsync(
        IAsyncEnumerable<Extent> extents, long diskBytes, int chunkBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var current = default(ChunkRun);
        await foreach (Extent extent in extents.WithCancellation(cancellationToken))
        {
            if (extent.LengthBytes < 1 || extent.OffsetBytes < 0 || extent.OffsetBytes > diskBytes - extent.LengthBytes)
            {
                throw new VProtectException(
                    ErrorCode.SourceReadFailed, ErrorSide.Source,
                    $"The source described an extent of {extent.LengthBytes} bytes at {extent.OffsetBytes}, outside of its {diskBytes} bytes.",
                    "Check the source's server; run the backup again.");
            }

            foreach (ChunkRun run in Split(extent, diskBytes, chunkBytes))
            {
                // The first chunk may have been taken by the extent before, which ended inside it.
                long first = Math.Max(run.FirstChunk, current.EndChunk);
                if (first >= run.EndChunk)
                {
                    continue;
                }

                if (current.Count > 0 && current.Kind == run.Kind && current.EndChunk == first)
                {
                    current = current with { Count = run.EndChunk - current.FirstChunk };
                    continue;
                }

                if (current.Count > 0)
                {
                    yield return current;
                }

                current = new ChunkRun(first, run.EndChunk - first, run.Kind);
            }
        }

        if (current.Count > 0)
        {
            yield return current;
        }
    }

    /// <summary>An extent as at most three runs: an edge chunk, whole chunks, an edge chunk.</summary>
    private static IEnumerable<ChunkRun> Split(Extent extent, long diskBytes, int chunkBytes)
    {
        long first = extent.OffsetBytes / chunkBytes;
        long end = DivideUp(extent.EndBytes, chunkBytes);
        if (extent.Kind == ExtentKind.Data)
        {
            yield return new ChunkRun(first, end - first, ExtentKind.Data);
            yield break;
        }

        long wholeFirst = DivideUp(extent.OffsetBytes, chunkBytes);
        long wholeEnd = extent.EndBytes == diskBytes ? end : extent.EndBytes / chunkBytes;
        if (wholeFirst > first)
        {
            yield return new ChunkRun(first, 1, ExtentKind.Data);
        }

        if (wholeEnd > wholeFirst)
        {
            yield return new ChunkRun(wholeFirst, wholeEnd - wholeFirst, ExtentKind.Zero);
        }

        if (end > wholeEnd && end - 1 >= wholeFirst)
        {
            yield return new ChunkRun(end - 1, 1, ExtentKind.Data);
        }
    }

    private static long DivideUp(long value, int divisor) => (value + divisor - 1) / divisor;
}
