using System.Buffers.Binary;

namespace VProtect.Nbd.Wire;

/// <summary>The head of an option: <c>"IHAVEOPT" 8 | option 4 | length 4</c>, then the data.</summary>
internal readonly record struct OptionHeader(OptionCode Code, uint Length)
{
    public const int Bytes = 16;

    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64BigEndian(target, Magic.Newstyle);
        BinaryPrimitives.WriteUInt32BigEndian(target[8..], (uint)Code);
        BinaryPrimitives.WriteUInt32BigEndian(target[12..], Length);
    }

    public static bool TryRead(ReadOnlySpan<byte> source, out OptionHeader header)
    {
        header = new OptionHeader(
            (OptionCode)BinaryPrimitives.ReadUInt32BigEndian(source[8..]),
            BinaryPrimitives.ReadUInt32BigEndian(source[12..]));
        return BinaryPrimitives.ReadUInt64BigEndian(source) == Magic.Newstyle;
    }
}

/// <summary>The head of a reply to an option: <c>magic 8 | option 4 | type 4 | length 4</c>, then the data.</summary>
internal readonly record struct OptionReplyHeader(OptionCode Code, OptionReplyType Type, uint Length)
{
    public const int Bytes = 20;

    public bool IsError => (Type & OptionReplyType.ErrorBit) != 0;

    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64BigEndian(target, Magic.OptionReply);
        BinaryPrimitives.WriteUInt32BigEndian(target[8..], (uint)Code);
        BinaryPrimitives.WriteUInt32BigEndian(target[12..], (uint)Type);
        BinaryPrimitives.WriteUInt32BigEndian(target[16..], Length);
    }

    public static bool TryRead(ReadOnlySpan<byte> source, out OptionReplyHeader header)
    {
        header = new OptionReplyHeader(
            (OptionCode)BinaryPrimitives.ReadUInt32BigEndian(source[8..]),
            (OptionReplyType)BinaryPrimitives.ReadUInt32BigEndian(source[12..]),
            BinaryPrimitives.ReadUInt32BigEndian(source[16..]));
        return BinaryPrimitives.ReadUInt64BigEndian(source) == Magic.OptionReply;
    }
}
