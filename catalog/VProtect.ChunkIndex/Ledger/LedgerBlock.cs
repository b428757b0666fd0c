using System.Buffers.Binary;

namespace VProtect.ChunkIndex.Ledger;

/// <summary>What a block of the ledger's log holds (SCHEMA.md, <i>Ledger</i>). Numbers are on disk: they only grow.</summary>
internal enum LedgerBlockKind : uint
{
    /// <summary>First block: the table's file and size.</summary>
    Table = 1,

    /// <summary>Where pages lie, and their checksums, from page 0 on.</summary>
    Map = 2,

    /// <summary>New counts of fingerprints.</summary>
    Counts = 3,

    /// <summary>Points that are counted, with their roots.</summary>
    Points = 4,

    /// <summary>Points that are not counted any more.</summary>
    PointsRemoved = 5,

    /// <summary>Packs and how much of them is needed.</summary>
    Packs = 6,

    /// <summary>Packs forgotten.</summary>
    PacksRemoved = 7,

    /// <summary>A commit: the blocks before it count, all together.</summary>
    End = 8,
}

/// <summary>Head of the log and of its blocks.</summary>
internal static class LedgerBlock
{
    /// <summary>Of the file's head, and of a block's.</summary>
    public const int HeadBytes = 16;

    public const int CountBytes = sizeof(ulong) + sizeof(uint);
    public const int PackBytes = 16 + 8 + 8 + 1;

    private const ulong Magic = 0x3152_4744_454C_5056; // "VPLEDGR1" as it lies in the file
    private const uint Version = 1;
    private const int CheckedBytes = HeadBytes - sizeof(uint);

    public static void WriteFileHead(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(target[CheckedBytes..], Checksum.Of(target[..CheckedBytes]));
    }

    public static bool IsFileHead(ReadOnlySpan<byte> source) =>
        BinaryPrimitives.ReadUInt64LittleEndian(source) == Magic
        && BinaryPrimitives.ReadUInt32LittleEndian(source[8..]) == Version
        && IsWhole(source);

    public static void WriteHead(Span<byte> target, LedgerBlockKind kind, ReadOnlySpan<byte> body)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, (uint)kind);
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], body.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], Checksum.Of(body));
        BinaryPrimitives.WriteUInt32LittleEndian(target[CheckedBytes..], Checksum.Of(target[..CheckedBytes]));
    }

    public static bool TryReadHead(ReadOnlySpan<byte> source, out LedgerBlockKind kind, out int bodyBytes, out uint bodyCrc)
    {
        kind = (LedgerBlockKind)BinaryPrimitives.ReadUInt32LittleEndian(source);
        bodyBytes = BinaryPrimitives.ReadInt32LittleEndian(source[4..]);
        bodyCrc = BinaryPrimitives.ReadUInt32LittleEndian(source[8..]);
        return IsWhole(source) && bodyBytes >= 0;
    }

    private static bool IsWhole(ReadOnlySpan<byte> head) =>
        Checksum.Of(head[..CheckedBytes]) == BinaryPrimitives.ReadUInt32LittleEndian(head[CheckedBytes..]);
}
