using VProtect.Abstractions.Nodes;
using VProtect.Mover.Store;

namespace VProtect.Node.Execution;

/// <summary>Disks of restore points as results tell them.</summary>
internal static class ResultDisks
{
    /// <param name="disk">As in the repository, where it goes by the platform's id.</param>
    /// <param name="name">What the administrator calls it; null when only the repository is known.</param>
    public static BackupResultDisk Of(RestorePointDisk disk, string? name) => new(
        disk.Name, name ?? disk.Name, disk.SizeBytes, disk.Mode.ToString().ToLowerInvariant(), disk.Reason, disk.ReadBytes, disk.ChangedBytes,
        disk.NewBytes, disk.StoredBytes);
}
