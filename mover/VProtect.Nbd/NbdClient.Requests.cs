using VProtect.Nbd.Client;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd;

public sealed partial class NbdClient
{
    /// <summary>Reads bytes.</summary>
    /// <param name="offset">Where in the export, in bytes.</param>
    /// <param name="buffer">Filled completely; length in bytes. The client's until the task has completed.</param>
    /// <param name="ct">See the class.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the export.</exception>
    public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken ct)
    {
        CheckRange(offset, buffer.Length);
        if (ct.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(ct);
        }

        return buffer.IsEmpty ? ValueTask.CompletedTask
            : IsOnePiece(offset, buffer.Length) ? ReadPiece(offset, buffer, ct)
            : ReadInPiecesAsync(offset, buffer, ct);
    }

    /// <summary>Writes bytes.</summary>
    /// <param name="offset">Where in the export, in bytes.</param>
    /// <param name="buffer">What to write. Not to be changed until the task has completed.</param>
    /// <param name="fua">Whether to complete only when the bytes are durable. Where the server lacks this, the export is
    /// flushed after the write.</param>
    /// <param name="ct">See the class.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the export.</exception>
    public ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> buffer, bool fua, CancellationToken ct)
    {
        CheckRange(offset, buffer.Length);
        if (ct.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(ct);
        }

        CheckWritable();
        if (fua && !Has(NbdExportFlags.SendFua))
        {
            return ThenFlushAsync(WriteAsync(offset, buffer, fua: false, ct), ct);
        }

        CommandFlags flags = fua ? CommandFlags.ForceUnitAccess : CommandFlags.None;
        return buffer.IsEmpty ? ValueTask.CompletedTask
            : IsOnePiece(offset, buffer.Length) ? WritePiece(offset, buffer, flags, ct)
            : WriteInPiecesAsync(offset, buffer, flags, ct);
    }

    /// <summary>Writes zeroes without sending them, of any length; ends that share a block with other data are written
    /// as data.</summary>
    /// <exception cref="NbdException"><see cref="NbdErrorKind.Unsupported"/> if the server cannot, or cannot be fast when
    /// <see cref="NbdWriteZeroesFlags.FastZero"/> is given.</exception>
    public ValueTask WriteZeroesAsync(long offset, long length, NbdWriteZeroesFlags flags, CancellationToken ct)
    {
        CheckRange(offset, length);
        CheckWritable();
        Require(NbdExportFlags.SendWriteZeroes, "write zeroes; write them as data instead");
        CommandFlags wire = CommandFlags.None;
        wire |= flags.HasFlag(NbdWriteZeroesFlags.NoHole) ? CommandFlags.NoHole : CommandFlags.None;
        if (flags.HasFlag(NbdWriteZeroesFlags.FastZero))
        {
            Require(NbdExportFlags.SendFastZero, "say whether zeroes would be fast; do not ask it to");
            wire |= CommandFlags.FastZero;
        }

        bool fua = flags.HasFlag(NbdWriteZeroesFlags.ForceUnitAccess);
        if (fua && !Has(NbdExportFlags.SendFua))
        {
            return ThenFlushAsync(ZeroAsync(offset, length, wire, ct), ct);
        }

        return ZeroAsync(offset, length, fua ? wire | CommandFlags.ForceUnitAccess : wire, ct);
    }

    /// <summary>Tells the server that a range is no longer needed. Advice: afterwards the bytes may be anything, and
    /// parts of blocks at the ends are left alone.</summary>
    public ValueTask TrimAsync(long offset, long length, CancellationToken ct)
    {
        CheckRange(offset, length);
        CheckWritable();
        Require(NbdExportFlags.SendTrim, "trim; leave the range as it is");
        long start = AlignUp(offset), end = AlignDownEnd(offset + length);
        return start >= end ? ValueTask.CompletedTask : EffectAsync(CommandType.Trim, CommandFlags.None, start, end, ct);
    }

    /// <summary>Asks the server to have a range at hand for reads to come. Advice.</summary>
    public ValueTask CacheAsync(long offset, long length, CancellationToken ct)
    {
        CheckRange(offset, length);
        Require(NbdExportFlags.SendCache, "cache; just read");
        return length == 0 ? ValueTask.CompletedTask
            : EffectAsync(CommandType.Cache, CommandFlags.None, AlignDown(offset), AlignUpEnd(offset + length), ct);
    }

    /// <summary>Makes every write durable that had completed before the call, over whichever connection it went.</summary>
    /// <exception cref="NbdException"><see cref="NbdErrorKind.Unsupported"/> if the server cannot flush, which says nothing
    /// about whether it needs to.</exception>
    public ValueTask FlushAsync(CancellationToken ct)
    {
        if (ct.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(ct);
        }

        Require(NbdExportFlags.SendFlush, "flush, so durability cannot be had from it; change its settings");
        NbdConnection connection = _pool.Pick();
        return connection.Submit(connection.Rent(CommandType.Flush, CommandFlags.None, 0, 0), ct);
    }

    private ValueTask ReadPiece(long offset, Memory<byte> buffer, CancellationToken ct)
    {
        NbdConnection connection = _pool.Pick();
        return connection.Submit(connection.Rent(CommandType.Read, CommandFlags.None, offset, buffer.Length).WithTarget(buffer), ct);
    }

    private ValueTask WritePiece(long offset, ReadOnlyMemory<byte> buffer, CommandFlags flags, CancellationToken ct)
    {
        NbdConnection connection = _pool.Pick();
        return connection.Submit(connection.Rent(CommandType.Write, flags, offset, buffer.Length).WithSource(buffer), ct);
    }

    private async ValueTask ThenFlushAsync(ValueTask write, CancellationToken ct)
    {
        await write;
        await FlushAsync(ct);
    }

    private bool Has(NbdExportFlags flag) => (Flags & flag) != 0;

    private void Require(NbdExportFlags flag, string what)
    {
        if (!Has(flag))
        {
            throw NbdException.Unsupported($"The NBD server cannot {what}.");
        }
    }

    private void CheckWritable()
    {
        if (Has(NbdExportFlags.ReadOnly))
        {
            throw NbdException.Unsupported("The NBD export is read-only. Export it writable to write to it.");
        }
    }

    private void CheckRange(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (length > SizeBytes - offset)
        {
            throw new ArgumentOutOfRangeException(nameof(length), length, $"The range begins at {offset} and would end behind the export's {SizeBytes} bytes.");
        }
    }
}
