using System.Buffers;
using VProtect.Nbd.Client;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd;

/// <content>Requests that do not fit the server's block sizes.
/// <code>
/// asked        ......[=====================).....
/// blocks   |-------|-------|-------|-------|-------|
/// sent         [ bounce )[ piece )[ piece )[ bounce )
/// </code>
/// Whole blocks go straight from or to the caller's memory; a part of a block is read whole, and for writes patched and
/// written back, one such patch at a time. A call ends when all its pieces have, so no piece outlives its buffer.</content>
public sealed partial class NbdClient
{
    /// <summary>Pieces of one call under way at a time.</summary>
    private const int PiecesMax = 32;

    /// <summary>Longest trim, write-zeroes or cache sent in one piece: short enough that a slow one still shows life.</summary>
    private const long EffectBytesMax = 1L << 30;

    private bool IsOnePiece(long offset, int length) =>
        length <= MaximumPayloadBytes && IsBoundary(offset) && (IsBoundary(offset + length) || offset + length == SizeBytes);

    private bool IsBoundary(long position) => (position & (MinimumBlockBytes - 1)) == 0;

    private long AlignDown(long position) => position & -MinimumBlockBytes;

    private long AlignUp(long position) => (position + MinimumBlockBytes - 1) & -MinimumBlockBytes;

    // The last block of an export may be short.
    private long AlignUpEnd(long end) => Math.Min(AlignUp(end), SizeBytes);

    private long AlignDownEnd(long end) => end == SizeBytes ? end : AlignDown(end);

    private async ValueTask ReadInPiecesAsync(long offset, Memory<byte> buffer, CancellationToken ct)
    {
        long end = offset + buffer.Length;
        var pieces = new List<Task>(PiecesMax);
        for (long at = offset; at < end;)
        {
            long next = NextCut(at, end);
            Memory<byte> part = buffer.Slice((int)(at - offset), (int)(next - at));
            bool whole = IsBoundary(at) && (IsBoundary(next) || next == SizeBytes);
            await AddAsync(pieces, whole ? ReadWholeAsync(at, part, ct) : ReadThroughBounceAsync(at, part, ct));
            at = next;
        }

        await Task.WhenAll(pieces);
    }

    private async ValueTask WriteInPiecesAsync(long offset, ReadOnlyMemory<byte> buffer, CommandFlags flags, CancellationToken ct)
    {
        long end = offset + buffer.Length;
        var pieces = new List<Task>(PiecesMax);
        for (long at = offset; at < end;)
        {
            long next = NextCut(at, end);
            ReadOnlyMemory<byte> part = buffer.Slice((int)(at - offset), (int)(next - at));
            bool whole = IsBoundary(at) && (IsBoundary(next) || next == SizeBytes);
            await AddAsync(pieces, whole ? WriteWholeAsync(at, part, flags, ct) : PatchAsync(at, part, flags, ct));
            at = next;
        }

        await Task.WhenAll(pieces);
    }

    private async ValueTask ZeroAsync(long offset, long length, CommandFlags flags, CancellationToken ct)
    {
        long end = offset + length;
        long start = Math.Min(AlignUp(offset), end), stop = Math.Max(AlignDownEnd(end), start);
        CommandFlags durable = flags & CommandFlags.ForceUnitAccess;
        if (start > offset)
        {
            await PatchAsync(offset, new byte[start - offset], durable, ct);
        }

        if (stop > start)
        {
            await EffectAsync(CommandType.WriteZeroes, flags, start, stop, ct);
        }

        if (end > stop)
        {
            await PatchAsync(stop, new byte[end - stop], durable, ct);
        }
    }

    /// <summary>Sends a request without payload over an aligned range, in pieces one after the other.</summary>
    private async ValueTask EffectAsync(CommandType type, CommandFlags flags, long start, long end, CancellationToken ct)
    {
        for (long at = start; at < end;)
        {
            // A cache request is bounded like a read.
            long length = Math.Min(end - at, type == CommandType.Cache ? MaximumPayloadBytes : EffectBytesMax);
            ct.ThrowIfCancellationRequested();
            NbdConnection connection = _pool.Pick();
            await connection.Submit(connection.Rent(type, flags, at, length), ct);
            at += length;
        }
    }

    /// <summary>Where the piece beginning at <paramref name="at"/> ends: at the end of a block begun in its middle, else
    /// after as many whole blocks as fit one request, else at the end of the call.</summary>
    private long NextCut(long at, long end) =>
        !IsBoundary(at) ? Math.Min(AlignUp(at), end)
        : AlignDownEnd(end) > at ? Math.Min(at + MaximumPayloadBytes, AlignDownEnd(end))
        : end;

    // Asynchronous also in failing, so that a call never leaves while its other pieces are under way.
    private async Task ReadWholeAsync(long offset, Memory<byte> part, CancellationToken ct) =>
        await ReadPiece(offset, part, ct);

    private async Task WriteWholeAsync(long offset, ReadOnlyMemory<byte> part, CommandFlags flags, CancellationToken ct) =>
        await WritePiece(offset, part, flags, ct);

    private async Task ReadThroughBounceAsync(long offset, Memory<byte> part, CancellationToken ct)
    {
        long start = AlignDown(offset);
        int length = (int)(AlignUpEnd(offset + part.Length) - start);
        byte[] block = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            await ReadPiece(start, block.AsMemory(0, length), ct);
            block.AsSpan((int)(offset - start), part.Length).CopyTo(part.Span);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block, clearArray: true); // guest data does not linger
        }
    }

    private async Task PatchAsync(long offset, ReadOnlyMemory<byte> part, CommandFlags flags, CancellationToken ct)
    {
        long start = AlignDown(offset);
        int length = (int)(AlignUpEnd(offset + part.Length) - start);
        await _unaligned.WaitAsync(ct);
        byte[] block = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            await ReadPiece(start, block.AsMemory(0, length), ct);
            part.Span.CopyTo(block.AsSpan((int)(offset - start)));
            await WritePiece(start, block.AsMemory(0, length), flags, ct);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block, clearArray: true);
            _unaligned.Release();
        }
    }

    private static async Task AddAsync(List<Task> pieces, Task piece)
    {
        pieces.Add(piece);
        if (pieces.Count == PiecesMax)
        {
            await Task.WhenAll(pieces);
            pieces.Clear();
        }
    }
}
