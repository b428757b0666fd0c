using Microsoft.Win32.SafeHandles;
using VProtect.Mover.Posix;

namespace VProtect.Mover.Store.Backends.LocalFile;

/// <content>Reads past the page cache: what is there for backups and restores stays, and what is read is what the disk holds.</content>
public sealed partial class LocalFileStore
{
    /// <summary>For each pack that is verified at the moment, and some to spare.</summary>
    private const int DirectHandlesMax = 16;

    private readonly ReadHandles _directHandles;

    /// <inheritdoc/>
    public async ValueTask<int> ReadUncachedAsync(
        string key, long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        cancellationToken.ThrowIfCancellationRequested();
        int direct = AlignedMemory.IsAligned(offsetBytes, buffer.Span) ? await ReadDirectAsync(key, offsetBytes, buffer) : 0;
        if (direct == buffer.Length)
        {
            return direct;
        }

        // The last block of the file, which is no whole one; all of it, where the file system knows no direct reads.
        int rest = await ReadAsync(key, offsetBytes + direct, buffer[direct..], cancellationToken);
        return rest < 0 ? rest : direct + rest;
    }

    /// <summary>Whole blocks only; 0 where there are none, no such file, or no direct reads.</summary>
    private async ValueTask<int> ReadDirectAsync(string key, long offsetBytes, Memory<byte> buffer)
    {
        try
        {
            SafeFileHandle? handle = _directHandles.Rent(key);
            if (handle is null)
            {
                return 0;
            }

            try
            {
                long left = PosixFile.GetStatus(handle, key).SizeBytes - offsetBytes;
                int blocks = (int)Math.Clamp(left, 0, buffer.Length) & ~(AlignedMemory.AlignmentBytes - 1);
                return blocks == 0 ? 0 : await PositionedIo.ReadAsync(handle, offsetBytes, buffer[..blocks], key);
            }
            finally
            {
                ReadHandles.Return(handle);
            }
        }
        catch (PosixException exception) when (exception.Errno is Errno.EINVAL or Errno.EOPNOTSUPP)
        {
            return 0;
        }
        catch (PosixException exception)
        {
            _directHandles.Forget(key);
            throw LocalFileErrors.Translate(new PosixException("read", PathOf(key), exception.Errno));
        }
    }
}
