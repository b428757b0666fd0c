using System.Buffers.Binary;

namespace VProtect.Nbd.Wire;

/// <summary>The head of a reply chunk, structured (20 bytes) or extended (32 bytes). The extended form repeats the
/// offset of the request, which structured ones leave zero here.
/// <code>
/// structured  magic 4 | flags 2 | type 2 | cookie 8 |            length 4
/// extended    magic 4 | flags 2 | type 2 | cookie 8 | offset 8 | length 8
/// </code></summary>
internal readonly record struct ChunkHeader(ReplyFlags Flags, ChunkType Type, ulong Cookie, ulong Offset, ulong Length)
{
    public const int StructuredBytes = 20;
    public const int ExtendedBytes = 32;

    public bool IsDone => (Flags & ReplyFlags.Done) != 0;

    public bool IsError => (Type & ChunkType.ErrorBit) != 0;

    public int Write(Span<byte> target, bool extended)
    {
        BinaryPrimitives.WriteUInt32BigEndian(target, extended ? Magic.ExtendedReply : Magic.StructuredReply);
        BinaryPrimitives.WriteUInt16BigEndian(target[4..], (ushort)Flags);
        BinaryPrimitives.WriteUInt16BigEndian(target[6..], (ushort)Type);
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], Cookie);
        if (extended)
        {
            BinaryPrimitives.WriteUInt64BigEndian(target[16..], Offset);
            BinaryPrimitives.WriteUInt64BigEndian(target[24..], Length);
            return ExtendedBytes;
        }

        BinaryPrimitives.WriteUInt32BigEndian(target[16..], checked((uint)Length));
        return StructuredBytes;
    }

    /// <summary>Reads a head whose magic has been looked at and whose bytes are all there.</summary>
    public static ChunkHeader Read(ReadOnlySpan<byte> source, bool extended) => new(
        (ReplyFlags)BinaryPrimitives.ReadUInt16BigEndian(source[4..]),
        (ChunkType)BinaryPrimitives.ReadUInt16BigEndian(source[6..]),
        BinaryPrimitives.ReadUInt64BigEndian(source[8..]),
        extended ? BinaryPrimitives.ReadUInt64BigEndian(source[16..]) : 0,
        extended ? BinaryPrimitives.ReadUInt64BigEndian(source[24..]) : BinaryPrimitives.ReadUInt32BigEndian(source[16..]));
}
