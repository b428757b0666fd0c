using System.Buffers.Binary;

namespace VProtect.Nbd.Wire;

/// <summary>The head of a simple reply: <c>magic 4 | error 4 | cookie 8</c>, then the data of a successful read.</summary>
internal readonly record struct SimpleReplyHeader(uint Error, ulong Cookie)
{
    public const int Bytes = 16;

    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt32BigEndian(target, Magic.SimpleReply);
        BinaryPrimitives.WriteUInt32BigEndian(target[4..], Error);
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], Cookie);
    }

    public static SimpleReplyHeader Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt32BigEndian(source[4..]),
        BinaryPrimitives.ReadUInt64BigEndian(source[8..]));
}
