using System.Runtime.InteropServices;

namespace VProtect.Mover.Posix;

/// <summary>
/// The part of Linux's <c>struct statx</c> we read; unlike <c>struct stat</c> it is the same on every architecture
/// (include/uapi/linux/stat.h).
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct FileStatus
{
    internal const uint BasicStats = 0x7ff;

    [FieldOffset(16)] internal uint LinkCount;
    [FieldOffset(20)] internal uint UserId;
    [FieldOffset(28)] internal ushort Mode;
    [FieldOffset(40)] internal long SizeBytes;
    [FieldOffset(48)] internal long Blocks512;
    [FieldOffset(112)] internal long ModifiedSeconds;

    internal readonly bool IsRegularFile => (Mode & 0xF000) == 0x8000;

    internal readonly bool IsBlockDevice => (Mode & 0xF000) == 0x6000;

    internal readonly bool IsDirectory => (Mode & 0xF000) == 0x4000;
}
