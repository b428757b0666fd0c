using VProtect.Mover.Store;

namespace VProtect.Mover.Upkeep;

/// <summary>Whether a disk of a restore point may be built upon: every chunk it leads to lies in a good place.</summary>
internal static class DamageCheck
{
    /// <summary>Nodes kept in mind, for what one disk has twice.</summary>
    private const int SoundNodesMax = 1 << 16;

    public static async ValueTask<bool> IsSoundAsync(ChunkStore chunks, RestorePointDisk disk, CancellationToken cancellationToken) =>
        await new DiskInspection(chunks, new SoundNodes(SoundNodesMax), new FaultList()).InspectAsync(disk, cancellationToken) is null;
}
