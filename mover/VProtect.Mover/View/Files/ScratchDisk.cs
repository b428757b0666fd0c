using VProtect.Nbd;
using VProtect.Nbd.Server;

namespace VProtect.Mover.View.Files;

/// <summary>
/// A disk that may be written to and forgets it: what is written lies in a <see cref="ScratchFile"/>, and the disk below is only read.
/// Durable is nothing of it.
/// </summary>
internal sealed class ScratchDisk(INbdExport below, ScratchFile scratch) : INbdExport
{
    private const int BlockBytes = ScratchFile.BlockBytes;

    // Block of the disk → position in the file, which never changes.
    private readonly Dictionary<long, long> _written = [];

    public long SizeBytes => below.SizeBytes;

    public NbdExportFlags Flags => NbdExportFlags.SendFlush;

    public async ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken ct)
    {
        while (!buffer.IsEmpty)
        {
            (long? position, int count) = FindRun(offset, buffer.Length);
            if (position is { } at)
            {
                scratch.Read(at, buffer.Span[..count]);
            }
            else
            {
                await below.ReadAsync(offset, buffer[..count], ct);
            }

            (offset, buffer) = (offset + count, buffer[count..]);
        }
    }

    public async ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> data, bool fua, CancellationToken ct)
    {
        await scratch.Writing.WaitAsync(ct);
        try
        {
            byte[] block = new byte[BlockBytes];
            while (!data.IsEmpty)
            {
                long number = offset / BlockBytes;
                int within = (int)(offset % BlockBytes);
                int count = Math.Min(data.Length, BlockBytes - within);
                if (FindRun(offset, 1).Position is { } at)
                {
                    scratch.Write(at, data.Span[..count]);
                }
                else
                {
                    if (count < BlockBytes)
                    {
                        long start = number * BlockBytes;
                        await below.ReadAsync(start, block.AsMemory(0, (int)Math.Min(BlockBytes, SizeBytes - start)), ct);
                    }

                    data.Span[..count].CopyTo(block.AsSpan(within));
                    Add(number, block);
                }

                (offset, data) = (offset + count, data[count..]);
            }
        }
        catch (IOException exception)
        {
            throw new NbdExportException(NbdFault.NoSpace, $"What a file system wrote while it was read cannot be kept: {exception.Message}", exception);
        }
        finally
        {
            scratch.Writing.Release();
        }
    }

    public ValueTask FlushAsync(CancellationToken ct) => ValueTask.CompletedTask;

    private void Add(long number, ReadOnlySpan<byte> block)
    {
        long position = scratch.TryTake() ?? throw new NbdExportException(NbdFault.NoSpace, "A file system wrote more while it was read than is kept for it.");
        scratch.Write(position, block);
        lock (_written)
        {
            _written.Add(number, position);
        }
    }

    /// <summary>How far from here what is asked for lies in one place: a position in the file, or null for the disk below.</summary>
    private (long? Position, int Count) FindRun(long offset, int length)
    {
        lock (_written)
        {
            int count = 0;
            while (count < length)
            {
                int within = (int)((offset + count) % BlockBytes);
                int part = Math.Min(length - count, BlockBytes - within);
                if (_written.Count > 0 && _written.TryGetValue((offset + count) / BlockBytes, out long position))
                {
                    return count > 0 ? (null, count) : (position + within, part);
                }

                count += _written.Count > 0 ? part : length;
            }

            return (null, length);
        }
    }
}
