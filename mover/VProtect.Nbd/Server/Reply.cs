using System.Buffers.Binary;
using System.Text;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Server;

/// <summary>An answer on its way to the client, with the buffer and the room it holds until it has been sent.</summary>
internal sealed class Reply(ulong cookie, bool isStructured)
{
    private List<ReadPart>? _parts;
    private List<(uint Context, List<NbdExtent> Extents)>? _status;

    public ulong Cookie => cookie;

    public NbdFault? Fault { get; private set; }

    public string Message { get; private set; } = "";

    /// <summary>The rented buffer, or null.</summary>
    public byte[]? Payload { get; set; }

    /// <summary>Payload bytes that are sent.</summary>
    public int PayloadBytes { get; private set; }

    /// <summary>Bytes taken from the budgets.</summary>
    public long HeldBytes { get; set; }

    public void Fail(NbdFault fault, string message)
    {
        (Fault, Message) = (fault, message);
        (PayloadBytes, _parts, _status) = (0, null, null);
    }

    /// <summary>The answer to a read, in one piece.</summary>
    public void SetData(long offset, int length) => SetParts([new ReadPart(offset, 0, length, IsHole: false)], length);

    /// <summary>The answer to a read, in pieces; structured only.</summary>
    public void SetParts(List<ReadPart> parts, int payloadBytes) => (_parts, PayloadBytes) = (parts, payloadBytes);

    public void AddStatus(uint context, List<NbdExtent> extents) => (_status ??= []).Add((context, extents));

    /// <summary>The messages in order: for each, a head is written to <paramref name="head"/> and the payload that follows it returned.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Encode(HeadWriter head)
    {
        if (Fault is { } fault)
        {
            WriteFault(head, fault);
            yield return default;
        }
        else if (_status is not null)
        {
            for (int i = 0; i < _status.Count; i++)
            {
                WriteStatus(head, _status[i].Context, _status[i].Extents, isLast: i == _status.Count - 1);
                yield return default;
            }
        }
        else if (_parts is null || !isStructured)
        {
            new SimpleReplyHeader(0, cookie).Write(head.Reserve(SimpleReplyHeader.Bytes));
            yield return Payload.AsMemory(0, PayloadBytes);
        }
        else
        {
            for (int i = 0; i < _parts.Count; i++)
            {
                ReadPart part = _parts[i];
                WritePart(head, part, isLast: i == _parts.Count - 1);
                yield return part.IsHole ? default : Payload.AsMemory(part.BufferOffset, part.Length);
            }
        }
    }

    private void WritePart(HeadWriter head, ReadPart part, bool isLast)
    {
        int bytes = sizeof(ulong) + (part.IsHole ? sizeof(uint) : 0);
        Span<byte> target = head.Reserve(ChunkHeader.StructuredBytes + bytes);
        new ChunkHeader(
            isLast ? ReplyFlags.Done : ReplyFlags.None, part.IsHole ? ChunkType.OffsetHole : ChunkType.OffsetData, cookie, 0,
            (ulong)(bytes + (part.IsHole ? 0 : part.Length))).Write(target, extended: false);
        BinaryPrimitives.WriteInt64BigEndian(target[ChunkHeader.StructuredBytes..], part.Offset);
        if (part.IsHole)
        {
            BinaryPrimitives.WriteInt32BigEndian(target[(ChunkHeader.StructuredBytes + sizeof(ulong))..], part.Length);
        }
    }

    private void WriteStatus(HeadWriter head, uint context, List<NbdExtent> extents, bool isLast)
    {
        int bytes = sizeof(uint) + (extents.Count * 2 * sizeof(uint));
        Span<byte> target = head.Reserve(ChunkHeader.StructuredBytes + bytes);
        new ChunkHeader(isLast ? ReplyFlags.Done : ReplyFlags.None, ChunkType.BlockStatus, cookie, 0, (ulong)bytes).Write(target, extended: false);
        target = target[ChunkHeader.StructuredBytes..];
        BinaryPrimitives.WriteUInt32BigEndian(target, context);
        foreach (NbdExtent extent in extents)
        {
            BinaryPrimitives.WriteUInt32BigEndian(target[4..], (uint)extent.LengthBytes);
            BinaryPrimitives.WriteUInt32BigEndian(target[8..], extent.Flags);
            target = target[8..];
        }
    }

    private void WriteFault(HeadWriter head, NbdFault fault)
    {
        if (!isStructured)
        {
            new SimpleReplyHeader((uint)fault, cookie).Write(head.Reserve(SimpleReplyHeader.Bytes));
            return;
        }

        byte[] text = Encoding.UTF8.GetBytes(Message);
        int length = Math.Min(text.Length, 512);
        Span<byte> target = head.Reserve(ChunkHeader.StructuredBytes + 6 + length);
        new ChunkHeader(ReplyFlags.Done, ChunkType.Error, cookie, 0, (ulong)(6 + length)).Write(target, extended: false);
        target = target[ChunkHeader.StructuredBytes..];
        BinaryPrimitives.WriteUInt32BigEndian(target, (uint)fault);
        BinaryPrimitives.WriteUInt16BigEndian(target[4..], (ushort)length);
        text.AsSpan(0, length).CopyTo(target[6..]);
    }
}

/// <summary>A piece of the answer to a read.</summary>
/// <param name="Offset">Where in the export.</param>
/// <param name="BufferOffset">Where its bytes lie in the payload.</param>
/// <param name="Length">How long it is.</param>
/// <param name="IsHole">Whether it is zeroes, which are not sent.</param>
internal readonly record struct ReadPart(long Offset, int BufferOffset, int Length, bool IsHole);

/// <summary>Where heads are written.</summary>
internal sealed class HeadWriter(System.IO.Pipelines.PipeWriter output)
{
    public Span<byte> Reserve(int bytes)
    {
        Span<byte> span = output.GetSpan(bytes)[..bytes];
        output.Advance(bytes);
        UnflushedBytes += bytes;
        return span;
    }

    public long UnflushedBytes { get; set; }
}
