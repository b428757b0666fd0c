using VProtect.Abstractions;
using VProtect.Mover.Store;

namespace VProtect.Mover.Upkeep;

/// <summary>Whether a disk of a restore point may be built upon: every chunk it leads to lies in a good place.</summary>
internal static class DamageCheck
{
    public static async ValueTask<bool> IsSoundAsync(ChunkStore chunks, RestorePointDisk disk, CancellationToken cancellationToken)
    {
        using IChunkIndexSession session = chunks.Index.OpenSession();
        long chunkCount = (disk.SizeBytes + chunks.Repository.ChunkBytes - 1) / chunks.Repository.ChunkBytes;
        return await new TreeWalker(chunks).WalkAsync(
            disk.Root,
            chunkCount,
            (in VisitedNode node) =>
            {
                foreach (ChunkId id in node.Slots.Span)
                {
                    if (node.Level == 0 && !id.IsZero && !session.TryFind(id, out _))
                    {
                        return false;
                    }
                }

                return true;
            },
            static (_, _) => { },
            cancellationToken);
    }
}
