using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Client;

internal sealed partial class NbdConnection
{
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ReceiveChunkAsync()
    {
        int headBytes = Terms.IsExtended ? ChunkHeader.ExtendedBytes : ChunkHeader.StructuredBytes;
        await FillAsync(headBytes);
        ChunkHeader head = ChunkHeader.Read(_reader.Buffered, Terms.IsExtended);
        _reader.Advance(headBytes);
        NbdRequest request = Find(head.Cookie);
        if (Terms.IsExtended && head.Offset != (ulong)request.Offset)
        {
            throw NbdException.Violation("a reply repeats another offset than its request had");
        }

        if (head.IsError)
        {
            await ReceiveErrorAsync(request, head);
        }
        else
        {
            switch (head.Type)
            {
                case ChunkType.None when head.Length == 0 && head.IsDone:
                    break;
                case ChunkType.OffsetData when request.Type == CommandType.Read && head.Length > sizeof(ulong):
                    await ReceiveDataAsync(request, head.Length - sizeof(ulong));
                    break;
                case ChunkType.OffsetHole when request.Type == CommandType.Read && head.Length == sizeof(ulong) + sizeof(uint):
                    await ReceiveHoleAsync(request);
                    break;
                case ChunkType.BlockStatus or ChunkType.BlockStatusExtended when request.Type == CommandType.BlockStatus:
                    await ReceiveStatusAsync(request, head);
                    break;
                default:
                    throw NbdException.Violation("a reply chunk has a type or length that does not fit its request");
            }
        }

        if (head.IsDone)
        {
            End(request, request.Refusal ?? CheckWhole(request));
        }
    }

    private static NbdException? CheckWhole(NbdRequest request) => request.Type switch
    {
        CommandType.Read when !request.Coverage.IsComplete((int)request.Length) =>
            throw NbdException.Violation("it ended the reply to a read before all data had come"),
        CommandType.BlockStatus when !request.Status!.IsComplete =>
            throw NbdException.Violation("it ended a block status reply before every metadata context had come"),
        _ => null,
    };

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ReceiveDataAsync(NbdRequest request, ulong length)
    {
        await FillAsync(sizeof(ulong));
        (int at, int count) = Cover(request, BinaryPrimitives.ReadUInt64BigEndian(_reader.Buffered), length);
        _reader.Advance(sizeof(ulong));
        await ReceivePayloadAsync(request, at, count);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ReceiveHoleAsync(NbdRequest request)
    {
        await FillAsync(sizeof(ulong) + sizeof(uint));
        (int at, int count) = Cover(
            request,
            BinaryPrimitives.ReadUInt64BigEndian(_reader.Buffered),
            BinaryPrimitives.ReadUInt32BigEndian(_reader.Buffered[sizeof(ulong)..]));
        _reader.Advance(sizeof(ulong) + sizeof(uint));
        Clear(request, at, count);
    }

    /// <summary>Checks that a chunk lies within its request and on fresh ground; its place in the buffer.</summary>
    private static (int At, int Count) Cover(NbdRequest request, ulong offset, ulong length)
    {
        ulong start = (ulong)request.Offset, whole = (ulong)request.Length;
        if (length == 0 || offset < start || offset - start > whole || length > whole - (offset - start))
        {
            throw NbdException.Violation("a chunk of data is empty or lies outside its request");
        }

        int at = (int)(offset - start);
        return request.Coverage.TryAdd(at, (int)length)
            ? (at, (int)length)
            : throw NbdException.Violation("chunks of data overlap, or are absurdly many");
    }

    private async ValueTask ReceiveErrorAsync(NbdRequest request, ChunkHeader head)
    {
        const int Fixed = sizeof(uint) + sizeof(ushort);
        if (head.Length is < Fixed or > WireLimits.ErrorChunkBytesMax)
        {
            throw NbdException.Violation("an error chunk is too short or too long");
        }

        int length = (int)head.Length;
        await FillAsync(length);
        ReadOnlySpan<byte> payload = _reader.Buffered[..length];
        uint error = BinaryPrimitives.ReadUInt32BigEndian(payload);
        int textBytes = BinaryPrimitives.ReadUInt16BigEndian(payload[sizeof(uint)..]);
        int behind = length - Fixed - textBytes;
        if (error == 0 || behind < 0 || (head.Type == ChunkType.Error && behind != 0)
            || (head.Type == ChunkType.ErrorOffset && behind != sizeof(ulong)))
        {
            throw NbdException.Violation("an error chunk contradicts itself");
        }

        request.Refusal ??= Refusal(error, payload.Slice(Fixed, textBytes));
        _reader.Advance(length);
    }

    private async ValueTask ReceiveStatusAsync(NbdRequest request, ChunkHeader head)
    {
        bool wide = head.Type == ChunkType.BlockStatusExtended;
        int fixedBytes = wide ? 2 * sizeof(uint) : sizeof(uint);
        int each = wide ? 2 * sizeof(ulong) : 2 * sizeof(uint);
        if (wide != Terms.IsExtended)
        {
            throw NbdException.Violation("a block status has the other form than was agreed");
        }

        if (head.Length < (ulong)(fixedBytes + each) || head.Length > WireLimits.BlockStatusBytesMax
            || ((int)head.Length - fixedBytes) % each != 0)
        {
            throw NbdException.Violation("a block status is empty, too long, or no whole number of extents");
        }

        int count = ((int)head.Length - fixedBytes) / each;
        await FillAsync(fixedBytes);
        uint context = BinaryPrimitives.ReadUInt32BigEndian(_reader.Buffered);
        uint announced = wide ? BinaryPrimitives.ReadUInt32BigEndian(_reader.Buffered[sizeof(uint)..]) : 0;
        _reader.Advance(fixedBytes);
        if (announced != 0 && announced != count)
        {
            throw NbdException.Violation("a block status announces another number of extents than it holds");
        }

        StatusQuery status = request.Status!;
        status.Begin(context);
        while (count > 0)
        {
            await FillAsync(each);
            int batch = Math.Min(count, _reader.Buffered.Length / each);
            for (int i = 0; i < batch; i++)
            {
                ReadOnlySpan<byte> extent = _reader.Buffered;
                if (wide)
                {
                    status.Add(BinaryPrimitives.ReadUInt64BigEndian(extent), BinaryPrimitives.ReadUInt64BigEndian(extent[sizeof(ulong)..]));
                }
                else
                {
                    status.Add(BinaryPrimitives.ReadUInt32BigEndian(extent), BinaryPrimitives.ReadUInt32BigEndian(extent[sizeof(uint)..]));
                }

                _reader.Advance(each);
            }

            count -= batch;
        }
    }
}
