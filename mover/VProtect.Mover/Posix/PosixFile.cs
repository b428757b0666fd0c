using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VProtect.Mover.Posix;

/// <summary>
/// Files as POSIX has them, with errors as <see cref="PosixException"/> and interrupted calls repeated. Synchronous:
/// <see cref="PositionedIo"/> moves reads and writes off the caller's thread.
/// </summary>
internal static class PosixFile
{
    /// <summary>Opens a file; the caller owns the handle. Child processes never inherit it.</summary>
    internal static SafeFileHandle Open(string path, int flags, uint mode = 0) =>
        TryOpen(path, flags, out SafeFileHandle? handle, mode) is 0 ? handle! : throw PosixException.Last("open", path);

    /// <summary>Opens a file; 0 or the error number, which also stays the thread's last error.</summary>
    internal static int TryOpen(string path, int flags, out SafeFileHandle? handle, uint mode = 0)
    {
        int fd;
        do
        {
            fd = Libc.Open(path, flags | Libc.O_CLOEXEC, mode);
        }
        while (fd < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR);

        handle = fd < 0 ? null : new SafeFileHandle(fd, ownsHandle: true);
        return fd < 0 ? Marshal.GetLastPInvokeError() : 0;
    }

    /// <summary>Reads until the buffer is full or the file ends. The caller keeps <paramref name="fd"/> open.</summary>
    internal static unsafe int Read(int fd, long offsetBytes, Span<byte> buffer, string path)
    {
        int done = 0;
        fixed (byte* start = buffer)
        {
            while (done < buffer.Length)
            {
                nint read = Libc.Pread(fd, start + done, buffer.Length - done, offsetBytes + done);
                if (read == 0)
                {
                    break;
                }

                if (read < 0)
                {
                    if (Marshal.GetLastPInvokeError() == Errno.EINTR)
                    {
                        continue;
                    }

                    throw PosixException.Last("read", path);
                }

                done += (int)read;
            }
        }

        return done;
    }

    /// <summary>Writes all of the data. The caller keeps <paramref name="fd"/> open.</summary>
    internal static unsafe void Write(int fd, long offsetBytes, ReadOnlySpan<byte> data, string path)
    {
        int done = 0;
        fixed (byte* start = data)
        {
            while (done < data.Length)
            {
                nint written = Libc.Pwrite(fd, start + done, data.Length - done, offsetBytes + done);
                if (written < 0)
                {
                    if (Marshal.GetLastPInvokeError() == Errno.EINTR)
                    {
                        continue;
                    }

                    throw PosixException.Last("write", path);
                }

                done += (int)written;
            }
        }
    }

    /// <summary>
    /// Asks the kernel to begin writing a range back, so that dirty pages never pile up to the point where it stops the
    /// writer and the final flush finds little to do. A hint: says nothing about durability and its failure means nothing.
    /// </summary>
    internal static void BeginWriteback(int fd, long offsetBytes, long lengthBytes) =>
        _ = Libc.SyncFileRange(fd, offsetBytes, lengthBytes, Libc.SYNC_FILE_RANGE_WRITE);

    /// <summary>
    /// Gives back what the page cache holds of a range and is written already: what others have there stays, and the same pages take what is written
    /// next. A hint, as <see cref="BeginWriteback"/> is; it waits for nothing and takes no error from a later flush.
    /// </summary>
    internal static void DropCached(int fd, long offsetBytes, long lengthBytes) =>
        _ = Libc.PosixFadvise(fd, offsetBytes, lengthBytes, Libc.POSIX_FADV_DONTNEED);

    /// <summary>Makes a file's bytes and size durable. A failure is final: the kernel may have dropped what it could not write.</summary>
    internal static void FlushData(SafeFileHandle handle, string path)
    {
        if (Libc.Fdatasync(Fd(handle)) < 0)
        {
            throw PosixException.Last("fdatasync", path);
        }
    }

    /// <summary>Makes the names in a directory durable.</summary>
    internal static void FlushDirectory(string directory)
    {
        using SafeFileHandle handle = Open(directory, Libc.O_RDONLY | Libc.O_DIRECTORY);
        // Some network file systems cannot flush a directory and say EINVAL: there the server makes names durable itself.
        if (Libc.Fsync(Fd(handle)) < 0 && Marshal.GetLastPInvokeError() != Errno.EINVAL)
        {
            throw PosixException.Last("fsync", directory);
        }
    }

    /// <summary>Status of a path, following links; false when there is nothing there.</summary>
    internal static unsafe bool TryGetStatus(string path, out FileStatus status)
    {
        FileStatus found = default;
        int result = Libc.Statx(Libc.AT_FDCWD, path, flags: 0, FileStatus.BasicStats, &found);
        status = found;
        if (result < 0 && Marshal.GetLastPInvokeError() is not (Errno.ENOENT or Errno.ENOTDIR))
        {
            throw PosixException.Last("stat", path);
        }

        return result == 0;
    }

    /// <summary>Status of an open file.</summary>
    internal static unsafe FileStatus GetStatus(SafeFileHandle handle, string path)
    {
        FileStatus status = default;
        return Libc.Statx(Fd(handle), string.Empty, Libc.AT_EMPTY_PATH, FileStatus.BasicStats, &status) == 0
            ? status
            : throw PosixException.Last("stat", path);
    }

    /// <summary>Length of an open file or block device, in bytes.</summary>
    internal static long GetLength(SafeFileHandle handle, string path)
    {
        long end = Libc.Lseek(Fd(handle), 0, Libc.SEEK_END);
        return end >= 0 ? end : throw PosixException.Last("seek", path);
    }

    /// <summary>Removes a file; false when there was none.</summary>
    internal static bool Unlink(string path)
    {
        if (Libc.Unlink(path) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() is Errno.ENOENT or Errno.ENOTDIR
            ? false
            : throw PosixException.Last("unlink", path);
    }

    /// <summary>The descriptor behind a handle that the caller keeps alive.</summary>
    internal static int Fd(SafeFileHandle handle) => (int)handle.DangerousGetHandle();
}
