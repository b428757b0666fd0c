using VProtect.Mover.Store;

namespace VProtect.Mover.View.Overlay;

/// <summary>What an overlay over a mounted disk is bound to.</summary>
public static class OverlayBases
{
    /// <summary>The disk of its restore point in its repository.</summary>
    public static OverlayBase Of(Repository repository, VirtualDisk disk)
    {
        ArgumentNullException.ThrowIfNull(repository);
        ArgumentNullException.ThrowIfNull(disk);
        return new OverlayBase(repository.Id, disk.Point.Id, disk.Disk.Name, disk.Disk.Root, disk.SizeBytes);
    }
}
