using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using VProtect.Mover.Posix;

namespace VProtect.Mover.Store.Backends.LocalFile;

/// <summary>
/// Space that is kept occupied (FORMAT.md, *Directories*): given back piece by piece when a small object finds the file system full, so that
/// forget and collection go on where packs no longer fit, whoever filled the disk. Lies outside of the key space; holds nothing.
/// Safe for several processes: growing and shrinking are single calls, and a reserve that is too small or missing is made again.
/// </summary>
/// <param name="root">Directory of the store.</param>
internal sealed class ReserveFile(string root)
{
    /// <summary>Holds the state of a collection that condemned 100,000 packs (6 TiB), which is the largest of the small objects.</summary>
    private const long LengthBytesMax = 8 << 20;

    /// <summary>Least piece: some blocks for a file, its directory and a temporary name.</summary>
    private const long PieceBytes = 64 << 10;

    /// <summary>Made only while it is a small part of what is free: it must not be what fills the disk.</summary>
    private const int FreeFactor = 8;

    private readonly string _path = Path.Join(root, ".reserve");

    /// <summary>Makes or completes it when there is room. A store without it works as well, until its disk is full: no failure is told.</summary>
    internal void Keep()
    {
        try
        {
            var drive = new DriveInfo(root);
            long lengthBytes = Math.Min(LengthBytesMax, drive.TotalSize / 64) / PieceBytes * PieceBytes;
            long presentBytes = PosixFile.TryGetStatus(_path, out FileStatus status) ? status.SizeBytes : 0;
            if (presentBytes >= lengthBytes || drive.AvailableFreeSpace < FreeFactor * lengthBytes)
            {
                return;
            }

            using SafeFileHandle handle = PosixFile.Open(_path, Libc.O_RDWR | Libc.O_CREAT | Libc.O_NOFOLLOW, 0x180);
            Fill(handle, presentBytes, lengthBytes);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Read-only, full meanwhile, or gone: whoever writes an object will meet it and tell.
        }
    }

    /// <summary>Gives a piece back; false when nothing is left to give.</summary>
    /// <param name="neededBytes">What is to be written.</param>
    internal bool Release(long neededBytes)
    {
        try
        {
            if (!PosixFile.TryGetStatus(_path, out FileStatus status))
            {
                return false;
            }

            // Half of it at least: the disk may be filled as fast as it comes free, and may want for files rather than for bytes.
            long keptBytes = Math.Min(status.SizeBytes / 2, status.SizeBytes - neededBytes - PieceBytes) / PieceBytes * PieceBytes;
            if (keptBytes <= 0)
            {
                return PosixFile.Unlink(_path);
            }

            using SafeFileHandle handle = PosixFile.Open(_path, Libc.O_RDWR | Libc.O_NOFOLLOW);
            return Libc.Ftruncate(PosixFile.Fd(handle), keptBytes) == 0;
        }
        catch (PosixException)
        {
            return false;
        }
    }

    private void Fill(SafeFileHandle handle, long fromBytes, long toBytes)
    {
        int fd = PosixFile.Fd(handle);
        if (Libc.Fallocate(fd, 0, 0, toBytes) == 0)
        {
            return;
        }

        if (PosixException.Last("fallocate", _path) is not { Errno: Errno.EOPNOTSUPP or Errno.ENOSYS })
        {
            _ = Libc.Ftruncate(fd, fromBytes);
            return;
        }

        // Random, since a file system that compresses would keep nothing for zeros.
        byte[] piece = new byte[PieceBytes];
        for (long offset = fromBytes / PieceBytes * PieceBytes; offset < toBytes; offset += PieceBytes)
        {
            RandomNumberGenerator.Fill(piece);
            PosixFile.Write(fd, offset, piece, _path);
        }

        PosixFile.FlushData(handle, _path);
    }
}
