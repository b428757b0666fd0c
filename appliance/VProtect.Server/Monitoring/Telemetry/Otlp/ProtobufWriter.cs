using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace VProtect.Server.Monitoring.Telemetry.Otlp;

/// <summary>Writes fields of a protobuf message (https://protobuf.dev/programming-guides/encoding/). Used by one thread.</summary>
internal sealed class ProtobufWriter
{
    private const int VarintType = 0;
    private const int Fixed64Type = 1;
    private const int BytesType = 2;

    private readonly ArrayBufferWriter<byte> _buffer = new();

    /// <summary>Bytes written.</summary>
    public int Length => _buffer.WrittenCount;

    /// <summary>A copy of what is written.</summary>
    public byte[] ToArray() => _buffer.WrittenSpan.ToArray();

    /// <summary>A whole number, a truth or a value of an enumeration.</summary>
    public void Varint(int field, ulong value)
    {
        Raw(Tag(field, VarintType));
        Raw(value);
    }

    /// <summary>A number of eight bytes.</summary>
    public void Fixed64(int field, ulong value)
    {
        Raw(Tag(field, Fixed64Type));
        BinaryPrimitives.WriteUInt64LittleEndian(_buffer.GetSpan(sizeof(ulong)), value);
        _buffer.Advance(sizeof(ulong));
    }

    /// <summary>A floating point number.</summary>
    public void Double(int field, double value) => Fixed64(field, BitConverter.DoubleToUInt64Bits(value));

    /// <summary>Text. What is no Unicode becomes U+FFFD: receivers refuse a whole message for it.</summary>
    public void Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    /// <summary>Bytes, or a message that is written already.</summary>
    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Raw(Tag(field, BytesType));
        Raw((ulong)value.Length);
        _buffer.Write(value);
    }

    /// <summary>A message within this one.</summary>
    public void Message(int field, Action<ProtobufWriter> write)
    {
        var inner = new ProtobufWriter();
        write(inner);
        Bytes(field, inner._buffer.WrittenSpan);
    }

    private static ulong Tag(int field, int type) => ((ulong)field << 3) | (uint)type;

    private void Raw(ulong value)
    {
        Span<byte> span = _buffer.GetSpan(10);
        int length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            span[length++] = (byte)(value | 0x80);
        }

        span[length++] = (byte)value;
        _buffer.Advance(length);
    }
}
