using VProtect.Abstractions;
using VProtect.Mover.Store;

namespace VProtect.Mover.Deliver;

/// <summary>Step 3 of a differential restore: hashes what the target holds and drops the chunks that are there already.</summary>
internal static class DifferentialFilter
{
    private const int RunBytes = 1 << 20;

    public static async Task DropEqualAsync(
        ChunkStore chunks, IBlockTarget target, long diskBytes, List<PlacedChunk> window, int workers, RestoreCounters counters,
        CancellationToken cancellationToken)
    {
        int chunkBytes = chunks.Repository.ChunkBytes;
        int runChunks = Math.Max(1, RunBytes / chunkBytes);
        bool[] equal = new bool[window.Count];
        var runs = new List<(int First, int Count)>();
        for (int first = 0; first < window.Count;)
        {
            int count = 1;
            while (count < runChunks && first + count < window.Count && window[first + count].Chunk == window[first].Chunk + count)
            {
                count++;
            }

            runs.Add((first, count));
            first += count;
        }

        await Parallel.ForEachAsync(
            runs,
            new ParallelOptions { MaxDegreeOfParallelism = workers, TaskScheduler = TaskScheduler.Current, CancellationToken = cancellationToken },
            async (run, token) =>
            {
                long offset = window[run.First].Chunk * chunkBytes;
                int length = (int)Math.Min((long)run.Count * chunkBytes, diskBytes - offset);
                byte[] buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(length);
                await target.ReadAsync(offset, buffer.AsMemory(0, length), token);
                for (int i = 0; i < run.Count; i++)
                {
                    int start = i * chunkBytes;
                    int bytes = Math.Min(chunkBytes, length - start);
                    if (chunks.Repository.Keys.ChunkIdOf(buffer.AsSpan(start, bytes)) == window[run.First + i].Id)
                    {
                        equal[run.First + i] = true;
                        counters.AddEqual(bytes);
                    }
                }

                System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
            });

        int kept = 0;
        for (int i = 0; i < window.Count; i++)
        {
            if (!equal[i])
            {
                window[kept++] = window[i];
            }
        }

        window.RemoveRange(kept, window.Count - kept);
    }
}
