namespace VProtect.Abstractions;

/// <summary>What an entry of a folder is.</summary>
public enum GuestFileKind
{
    /// <summary>Has content.</summary>
    File = 0,

    /// <summary>Has entries.</summary>
    Folder = 1,

    /// <summary>Names another; never followed.</summary>
    Link = 2,

    /// <summary>A device, a pipe or a socket; never opened.</summary>
    Special = 3,
}

/// <summary>An entry of a folder, as its file system tells it. All of it may be made up.</summary>
/// <param name="Name">Its name, or its path below the folder that was searched; as text from which its bytes can be had again: what is no text is <c>\xHH</c>.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Mode">Permission bits, at most 07777.</param>
/// <param name="UserId">Owner, by number.</param>
/// <param name="GroupId">Group, by number.</param>
/// <param name="SizeBytes">Bytes of content; not negative.</param>
/// <param name="ModifiedAt">When its content was last changed.</param>
/// <param name="Target">What a link names; null for others.</param>
public sealed record GuestFile(
    string Name, GuestFileKind Kind, int Mode, uint UserId, uint GroupId, long SizeBytes, DateTimeOffset ModifiedAt, string? Target);

/// <summary>Something on the disks that may hold a file system: a disk, a partition, a logical volume, an array.</summary>
/// <param name="Id">What requests name it by; the same for each opening of the restore point's disks.</param>
/// <param name="Name">What an administrator calls it.</param>
/// <param name="Type">As blkid names it: <c>ext4</c>, <c>ntfs</c>, <c>swap</c>, <c>LVM2_member</c> …; empty when it is not known.</param>
/// <param name="Label">The file system's label, or empty.</param>
/// <param name="Uuid">The file system's identity, or empty.</param>
/// <param name="SizeBytes">Its size.</param>
public sealed record GuestVolume(string Id, string Name, string Type, string Label, string Uuid, long SizeBytes)
{
    private static readonly HashSet<string> Browsable = new(StringComparer.Ordinal)
    {
        "ext2", "ext3", "ext4", "xfs", "btrfs", "vfat", "ntfs", "exfat", "iso9660", "udf",
    };

    /// <summary>Whether its files can be browsed.</summary>
    public bool HasFiles => Browsable.Contains(Type);

    /// <summary>Whether it must be unlocked with a pass phrase; then another volume appears.</summary>
    public bool IsLocked => Type == "crypto_LUKS";
}
