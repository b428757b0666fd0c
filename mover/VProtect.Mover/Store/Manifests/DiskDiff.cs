using System.Runtime.CompilerServices;
using VProtect.Abstractions;

namespace VProtect.Mover.Store.Manifests;

/// <summary>What differs between two restore points of a disk, told from their trees alone: no data is read.</summary>
public static class DiskDiff
{
    /// <summary>
    /// The extents of the newer disk that differ from the older, taken as cut or padded with zeros to the newer's size:
    /// ordered, in whole chunks up to the end of the disk, neighbours of one kind joined. Equal subtrees are not read.
    /// </summary>
    /// <param name="chunks">The repository of both.</param>
    /// <param name="older">What is compared with.</param>
    /// <param name="newer">What is described.</param>
    /// <param name="cancellationToken">Ends the walk.</param>
    /// <exception cref="IntegrityException">A node is missing or damaged.</exception>
    public static async IAsyncEnumerable<Extent> GetExtentsAsync(
        ChunkStore chunks, RestorePointDisk older, RestorePointDisk newer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        int chunkBytes = chunks.Repository.ChunkBytes;
        long olderCount = (older.SizeBytes + chunkBytes - 1) / chunkBytes;
        long newerCount = (newer.SizeBytes + chunkBytes - 1) / chunkBytes;
        IAsyncEnumerable<TreeChange> changes = olderCount == newerCount
            ? TreeReader.DiffAsync(chunks, older.Root, newer.Root, newerCount, cancellationToken)
            : MergeAsync(chunks, older.Root, olderCount, newer.Root, newerCount, cancellationToken);
        Extent? pending = null;
        await foreach (TreeChange change in changes)
        {
            long offset = change.Chunk * chunkBytes;
            var extent = new Extent(
                offset, Math.Min(chunkBytes, newer.SizeBytes - offset), change.New.IsZero ? ExtentKind.Zero : ExtentKind.Data);
            if (pending is { } last && last.EndBytes == extent.OffsetBytes && last.Kind == extent.Kind)
            {
                pending = last with { LengthBytes = last.LengthBytes + extent.LengthBytes };
                continue;
            }

            if (pending is { } ended)
            {
                yield return ended;
            }

            pending = extent;
        }

        if (pending is { } final)
        {
            yield return final;
        }
    }

    /// <summary>Trees of disks of different sizes may differ in height: both are walked whole, side by side.</summary>
    private static async IAsyncEnumerable<TreeChange> MergeAsync(
        INodeReader reader, ChunkId olderRoot, long olderCount, ChunkId newerRoot, long newerCount,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using IAsyncEnumerator<TreeChunk> olders =
            TreeReader.WalkAsync(reader, olderRoot, olderCount, leavesAhead: 0, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using IAsyncEnumerator<TreeChunk> newers =
            TreeReader.WalkAsync(reader, newerRoot, newerCount, leavesAhead: 0, cancellationToken).GetAsyncEnumerator(cancellationToken);
        bool hasOlder = await olders.MoveNextAsync();
        bool hasNewer = await newers.MoveNextAsync();
        while (hasOlder || hasNewer)
        {
            long chunk = Math.Min(hasOlder ? olders.Current.Chunk : long.MaxValue, hasNewer ? newers.Current.Chunk : long.MaxValue);
            ChunkId older = ChunkId.Zero;
            ChunkId newer = ChunkId.Zero;
            if (hasOlder && olders.Current.Chunk == chunk)
            {
                older = olders.Current.Id;
                hasOlder = await olders.MoveNextAsync();
            }

            if (hasNewer && newers.Current.Chunk == chunk)
            {
                newer = newers.Current.Id;
                hasNewer = await newers.MoveNextAsync();
            }

            if (older != newer && chunk < newerCount)
            {
                yield return new TreeChange(chunk, older, newer);
            }
        }
    }
}
