using VProtect.Abstractions;
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
/// <param name="Writable">Whether clients may write.</param>
/// <param name="Machine">The machine that runs on it; null for none.</param>
internal sealed record MountView(
    Guid Guid, NameAndGuid Backup, NameAndGuid? ProtectedEntity, NameAndGuid? Node, MountMode Mode, MountState State, DateTimeOffset MountTime,
    DateTimeOffset? UnmountTime, IReadOnlyList<string> AllowedClients, string? Address, string? StatusInfo, bool Writable, MountedMachineView? Machine);

/// <summary>Another time at which a mount ends by itself.</summary>
/// <param name="UnmountTime">A time to come.</param>
internal sealed record UnmountTimeRequest(DateTimeOffset? UnmountTime);

/// <summary>A machine that runs on a mounted backup.</summary>
/// <param name="Name">Its name on the platform, where its identity is the mount's.</param>
/// <param name="Source">The manager, or the host that stands alone.</param>
/// <param name="Isolated">Whether its network cards are unplugged.</param>
internal sealed record MountedMachineView(string Name, NameAndGuid Source, bool Isolated);

/// <summary>A file system of a mounted backup.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="MountedBackup">The mount.</param>
/// <param name="Name">Its label, or where it lies.</param>
/// <param name="Type">Its kind, as blkid names it; empty when it is not known.</param>
/// <param name="Size">Size, bytes.</param>
/// <param name="UsedSpace">Used, bytes; not told.</param>
/// <param name="MountPath">The volume: disk, partition, logical volume or array.</param>
/// <param name="Browsable">Whether its files can be read.</param>
/// <param name="Locked">Whether it must be unlocked with a pass phrase; then another appears.</param>
internal sealed record MountedFileSystemView(Guid Guid, NameAndGuid MountedBackup, string? Name, string Type, long Size, long? UsedSpace, string? MountPath, bool Browsable, bool Locked);

/// <summary>A disk of a backup that is shown as a device.</summary>
/// <param name="Guid">Identity of the disk in the backup.</param>
/// <param name="MountedBackup">The mount.</param>
/// <param name="Name">Name of the disk.</param>
/// <param name="Size">Size, bytes.</param>
/// <param name="Address">Where it is served.</param>
/// <param name="Writable">Whether clients may write.</param>
internal sealed record MountedFileView(Guid Guid, NameAndGuid MountedBackup, string Name, long Size, string? Address, bool Writable);

/// <summary>What is wanted of a mounted file system.</summary>
/// <param name="Path">Directory or file in it, from its root.</param>
/// <param name="Name">For a search: what names hold, in any case.</param>
/// <param name="Paths">For a download of several: directories and files.</param>
internal sealed record MountedPathRequest(string? Path, string? Name = null, IReadOnlyList<string>? Paths = null);

/// <summary>Unlocks an encrypted volume.</summary>
/// <param name="PassPhrase">Its pass phrase; kept in memory until the backup is unmounted.</param>
internal sealed record UnlockRequest(string? PassPhrase);

/// <summary>A file or directory in a mounted file system. All of it is the guest's.</summary>
/// <param name="Name">Its name; what is no text in it is <c>\xHH</c>, a byte in hexadecimal digits.</param>
/// <param name="Path">Its path from the file system's root.</param>
/// <param name="Type">What it is.</param>
/// <param name="Size">Bytes of content.</param>
/// <param name="LastModified">When its content was last changed.</param>
/// <param name="Mode">Permissions, in octal digits.</param>
/// <param name="UserId">Owner, by number.</param>
/// <param name="GroupId">Group, by number.</param>
/// <param name="Target">What a link names; it is not followed.</param>
internal sealed record MountedEntryView(
    string Name, string Path, string Type, long Size, DateTimeOffset LastModified, string Mode, long UserId, long GroupId, string? Target)
{
    public static MountedEntryView Of(GuestFile file, string folder)
    {
        string path = $"{folder.TrimEnd('/')}/{file.Name}";
        return new MountedEntryView(
            file.Name[(file.Name.LastIndexOf('/') + 1)..], path.StartsWith('/') ? path : "/" + path, TypeOf(file.Kind), file.SizeBytes, file.ModifiedAt,
            Convert.ToString(file.Mode, 8).PadLeft(4, '0'), file.UserId, file.GroupId, file.Target);
    }

    private static string TypeOf(GuestFileKind kind) => kind switch
    {
        GuestFileKind.File => "FILE",
        GuestFileKind.Folder => "DIRECTORY",
        GuestFileKind.Link => "LINK",
        _ => "SPECIAL",
    };
}
