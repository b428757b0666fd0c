using System.Buffers.Binary;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Server;

/// <summary>Reads the data of an option, front to back. Whatever does not fit makes it invalid, for good.</summary>
internal ref struct OptionData(ReadOnlySpan<byte> data)
{
    private ReadOnlySpan<byte> _rest = data;

    /// <summary>Whether all went well and nothing is left.</summary>
    public readonly bool IsComplete => IsValid && _rest.IsEmpty;

    public bool IsValid { get; private set; } = true;

    public uint ReadUInt32() => Take(sizeof(uint)) is { IsEmpty: false } bytes ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : 0;

    public ushort ReadUInt16() => Take(sizeof(ushort)) is { IsEmpty: false } bytes ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : (ushort)0;

    /// <summary>A string with its length before it; empty when invalid.</summary>
    public string ReadString()
    {
        uint length = ReadUInt32();
        if (length > WireLimits.StringBytesMax || length > _rest.Length || WireText.ReadName(_rest[..(int)length]) is not { } text)
        {
            IsValid = false;
            return "";
        }

        _rest = _rest[(int)length..];
        return IsValid ? text : "";
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (!IsValid || _rest.Length < count)
        {
            IsValid = false;
            return default;
        }

        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
