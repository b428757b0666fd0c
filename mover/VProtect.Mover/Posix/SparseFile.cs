using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using VProtect.Abstractions;

namespace VProtect.Mover.Posix;

/// <summary>Holes of files: found, and made.</summary>
internal static class SparseFile
{
    /// <summary>
    /// Data and holes of an open file, gapless from 0 to a size; all data where holes are not known. A file that is cut
    /// meanwhile shows a hole there: whom that matters to looks at its length after each hole.
    /// </summary>
    internal static async IAsyncEnumerable<Extent> EnumerateExtents(
        SafeFileHandle handle, string path, long sizeBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Finding holes may read metadata from disk; not on the caller's thread.
        await Task.Yield();
        for (long at = 0; at < sizeBytes;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            (long dataBytes, long dataEndBytes) = NextData(handle, path, at, sizeBytes);
            if (dataBytes > at)
            {
                yield return new Extent(at, dataBytes - at, ExtentKind.Zero);
            }

            if (dataEndBytes > dataBytes)
            {
                yield return new Extent(dataBytes, dataEndBytes - dataBytes, ExtentKind.Data);
            }

            at = dataEndBytes;
        }
    }

    /// <summary>Makes a range a hole; false when the file system has none.</summary>
    internal static bool TryPunch(SafeFileHandle handle, long offsetBytes, long lengthBytes, string path)
    {
        const int Mode = Libc.FALLOC_FL_PUNCH_HOLE | Libc.FALLOC_FL_KEEP_SIZE;
        if (Libc.Fallocate(PosixFile.Fd(handle), Mode, offsetBytes, lengthBytes) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() is Errno.EOPNOTSUPP or Errno.ENOSYS
            ? false
            : throw PosixException.Last("punch a hole into", path);
    }

    // The next run of data at or after an offset, clipped to the size; empty at its end.
    private static (long BeginBytes, long EndBytes) NextData(SafeFileHandle handle, string path, long fromBytes, long sizeBytes)
    {
        int fd = PosixFile.Fd(handle);
        long begin = Libc.Lseek(fd, fromBytes, Libc.SEEK_DATA);
        if (begin < 0)
        {
            return Marshal.GetLastPInvokeError() switch
            {
                Errno.ENXIO => (sizeBytes, sizeBytes),
                // Block devices and some file systems know no holes.
                Errno.EINVAL or Errno.EOPNOTSUPP => (fromBytes, sizeBytes),
                _ => throw PosixException.Last("seek", path),
            };
        }

        long end = Libc.Lseek(fd, begin, Libc.SEEK_HOLE);
        begin = Math.Min(begin, sizeBytes);
        return (begin, end <= begin ? sizeBytes : Math.Min(end, sizeBytes));
    }
}
