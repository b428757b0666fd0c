using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace VProtect.Mover.View.Fuse;

/// <summary>What the kernel asks of a file system in user space (<c>linux/fuse.h</c>, protocol 7.31); those that we answer.</summary>
internal enum FuseOperation : uint
{
    Lookup = 1,
    Forget = 2,
    GetAttributes = 3,
    Open = 14,
    Read = 15,
    Write = 16,
    FileSystemStatus = 17,
    Release = 18,
    Fsync = 20,
    Flush = 25,
    Init = 26,
    OpenDirectory = 27,
    ReadDirectory = 28,
    ReleaseDirectory = 29,
    Interrupt = 36,
    Destroy = 38,
    ForgetMany = 42,
    Allocate = 43,
}

/// <summary>A request's header and fixed arguments, copied: the buffer may be used again. Numbers are the machine's own, little-endian on all that we run on.</summary>
internal readonly record struct FuseRequest(FuseOperation Operation, ulong Unique, ulong Node, long Offset, long Length, uint Mode)
{
    /// <summary>Bytes of the header.</summary>
    public const int HeaderBytes = 40;

    /// <summary>Where the bytes of a write begin.</summary>
    public const int WriteDataOffset = HeaderBytes + 40;

    /// <param name="message">As the kernel wrote it.</param>
    public static FuseRequest Parse(ReadOnlySpan<byte> message)
    {
        var operation = (FuseOperation)BinaryPrimitives.ReadUInt32LittleEndian(message[4..]);
        ulong unique = BinaryPrimitives.ReadUInt64LittleEndian(message[8..]);
        ulong node = BinaryPrimitives.ReadUInt64LittleEndian(message[16..]);
        ReadOnlySpan<byte> body = message[HeaderBytes..];
        (long offset, long length, uint mode) = operation switch
        {
            FuseOperation.Read or FuseOperation.Write => (Int64(body, 8), UInt32(body, 16), 0u),
            FuseOperation.Allocate => (Int64(body, 8), Int64(body, 16), UInt32(body, 24)),
            FuseOperation.Open => (0, 0, UInt32(body, 0)),
            FuseOperation.Init => (0, UInt32(body, 8), UInt32(body, 12)),
            _ => (0L, 0L, 0u),
        };
        return new FuseRequest(operation, unique, node, offset, length, mode);
    }

    private static uint UInt32(ReadOnlySpan<byte> body, int at) => BinaryPrimitives.ReadUInt32LittleEndian(body[at..]);

    private static long Int64(ReadOnlySpan<byte> body, int at) => BinaryPrimitives.ReadInt64LittleEndian(body[at..]);
}

/// <summary><c>fuse_attr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseAttributes
{
    public ulong Node;
    public ulong Size;
    public ulong Blocks;
    public ulong AccessSeconds;
    public ulong ModifySeconds;
    public ulong ChangeSeconds;
    public uint AccessNanoseconds;
    public uint ModifyNanoseconds;
    public uint ChangeNanoseconds;
    public uint Mode;
    public uint Links;
    public uint User;
    public uint Group;
    public uint Device;
    public uint BlockBytes;
    public uint Flags;
}

/// <summary><c>fuse_entry_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseEntry
{
    public ulong Node;
    public ulong Generation;
    public ulong EntryValidSeconds;
    public ulong AttributesValidSeconds;
    public uint EntryValidNanoseconds;
    public uint AttributesValidNanoseconds;
    public FuseAttributes Attributes;
}

/// <summary><c>fuse_attr_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseAttributesOut
{
    public ulong ValidSeconds;
    public uint ValidNanoseconds;
    public uint Unused;
    public FuseAttributes Attributes;
}

/// <summary><c>fuse_init_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FuseInit
{
    public uint Major;
    public uint Minor;
    public uint ReadAheadBytesMax;
    public uint Flags;
    public ushort BackgroundMax;
    public ushort CongestionThreshold;
    public uint WriteBytesMax;
    public uint TimeGranularity;
    public ushort PagesMax;
    public ushort Unused;
    public fixed uint Reserved[8];
}

/// <summary><c>fuse_open_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseOpen
{
    public ulong Handle;
    public uint Flags;
    public uint Unused;
}

/// <summary><c>fuse_statfs_out</c>, empty but for the sizes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FuseFileSystemStatus
{
    public fixed ulong Counts[5];
    public uint BlockBytes;
    public uint NameBytesMax;
    public uint FragmentBytes;
    public fixed uint Reserved[7];
}
