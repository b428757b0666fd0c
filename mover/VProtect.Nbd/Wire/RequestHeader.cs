using System.Buffers.Binary;

namespace VProtect.Nbd.Wire;

/// <summary>The head of a request, in its compact (28 bytes) or extended (32 bytes) form.
/// <code>
/// compact   magic 4 | flags 2 | type 2 | cookie 8 | offset 8 | length 4
/// extended  magic 4 | flags 2 | type 2 | cookie 8 | offset 8 | length 8
/// </code></summary>
internal readonly record struct RequestHeader(CommandFlags Flags, CommandType Type, ulong Cookie, ulong Offset, ulong Length)
{
    public const int CompactBytes = 28;
    public const int ExtendedBytes = 32;

    public int Write(Span<byte> target, bool extended)
    {
        BinaryPrimitives.WriteUInt32BigEndian(target, extended ? Magic.ExtendedRequest : Magic.Request);
        BinaryPrimitives.WriteUInt16BigEndian(target[4..], (ushort)Flags);
        BinaryPrimitives.WriteUInt16BigEndian(target[6..], (ushort)Type);
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], Cookie);
        BinaryPrimitives.WriteUInt64BigEndian(target[16..], Offset);
        if (extended)
        {
            BinaryPrimitives.WriteUInt64BigEndian(target[24..], Length);
            return ExtendedBytes;
        }

        BinaryPrimitives.WriteUInt32BigEndian(target[24..], checked((uint)Length));
        return CompactBytes;
    }

    /// <summary>Reads a head whose bytes are all there; false when the magic is not of that form.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, bool extended, out RequestHeader header)
    {
        header = new RequestHeader(
            (CommandFlags)BinaryPrimitives.ReadUInt16BigEndian(source[4..]),
            (CommandType)BinaryPrimitives.ReadUInt16BigEndian(source[6..]),
            BinaryPrimitives.ReadUInt64BigEndian(source[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(source[16..]),
            extended ? BinaryPrimitives.ReadUInt64BigEndian(source[24..]) : BinaryPrimitives.ReadUInt32BigEndian(source[24..]));
        return BinaryPrimitives.ReadUInt32BigEndian(source) == (extended ? Magic.ExtendedRequest : Magic.Request);
    }
}
