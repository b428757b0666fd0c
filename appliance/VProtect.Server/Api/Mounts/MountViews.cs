using VProtect.Catalog.Mounts;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Mounts;

/// <summary>A backup that is shown as disks, files or a machine.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Backup">The backup.</param>
/// <param name="ProtectedEntity">Its machine.</param>
/// <param name="Node">Node that serves it.</param>
/// <param name="Mode">How it is shown.</param>
/// <param name="State">Where it stands.</param>
/// <param name="MountTime">When it was asked for.</param>
/// <param name="UnmountTime">When it is taken down by itself; null never.</param>
/// <param name="AllowedClients">Initiators and addresses that may connect.</param>
/// <param name="Address">Where it is served.</param>
/// <param name="StatusInfo">Why it failed.</param>
internal sealed record MountView(
    Guid Guid, NameAndGuid Backup, NameAndGuid? ProtectedEntity, NameAndGuid? Node, MountMode Mode, MountState State, DateTimeOffset MountTime,
    DateTimeOffset? UnmountTime, IReadOnlyList<string> AllowedClients, string? Address, string? StatusInfo);

/// <summary>A file system of a mounted backup.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="MountedBackup">The mount.</param>
/// <param name="Name">Its label.</param>
/// <param name="Type">Its kind, as the kernel names it.</param>
/// <param name="Size">Size, bytes.</param>
/// <param name="UsedSpace">Used, bytes.</param>
/// <param name="MountPath">Where it is mounted on the node.</param>
internal sealed record MountedFileSystemView(Guid Guid, NameAndGuid MountedBackup, string? Name, string Type, long Size, long? UsedSpace, string? MountPath);

/// <summary>A disk of a backup that is shown as a device.</summary>
/// <param name="Guid">Identity of the disk in the backup.</param>
/// <param name="MountedBackup">The mount.</param>
/// <param name="Name">Name of the disk.</param>
/// <param name="Size">Size, bytes.</param>
/// <param name="Address">Where it is served.</param>
/// <param name="Writable">Whether clients may write.</param>
internal sealed record MountedFileView(Guid Guid, NameAndGuid MountedBackup, string Name, long Size, string? Address, bool Writable);

/// <summary>What is wanted of a mounted file system.</summary>
/// <param name="Path">Directory or file in it.</param>
internal sealed record MountedPathRequest(string? Path);
