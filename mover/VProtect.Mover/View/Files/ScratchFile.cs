using Microsoft.Win32.SafeHandles;
using VProtect.Mover.Posix;

namespace VProtect.Mover.View.Files;

/// <summary>
/// Blocks of 4 KiB that are written to an agent's disks and forgotten with it, in one file. It has no name from the moment it is there.
/// Safe from several threads.
/// </summary>
internal sealed class ScratchFile : IDisposable
{
    public const int BlockBytes = 4096;

    /// <summary>More than what file systems have in their journals, as a rule; one that has more is read without its journal.</summary>
    public const long BytesMax = 1L << 30;

    /// <summary>It lies beside what others need the disk for: a part of what is free when it is made.</summary>
    private const int ShareOfFree = 16;

    private readonly SafeFileHandle _file;
    private readonly long _bytesMax;
    private long _usedBytes;

    /// <param name="directory">Where its space is.</param>
    /// <param name="bytesMax">How much it takes at most, and never more than a sixteenth of what is free.</param>
    /// <exception cref="PosixException">It cannot be made.</exception>
    public ScratchFile(string directory, long bytesMax = BytesMax)
    {
        _bytesMax = Math.Min(bytesMax, new DriveInfo(directory).AvailableFreeSpace / ShareOfFree);
        (_file, string path) = new TemporaryFiles(directory, "scratch-").Create();
        PosixFile.Unlink(path);
    }

    /// <summary>Whose turn it is to write.</summary>
    public SemaphoreSlim Writing { get; } = new(1, 1);

    /// <summary>A block of its own.</summary>
    /// <returns>Where it is, or null when there is no more.</returns>
    public long? TryTake()
    {
        long end = Interlocked.Add(ref _usedBytes, BlockBytes);
        return end <= _bytesMax ? end - BlockBytes : null;
    }

    /// <exception cref="IOException">The disk is full, or fails.</exception>
    public void Write(long position, ReadOnlySpan<byte> block) => RandomAccess.Write(_file, block, position);

    /// <exception cref="IOException">The disk fails.</exception>
    public void Read(long position, Span<byte> target)
    {
        while (!target.IsEmpty)
        {
            int read = RandomAccess.Read(_file, target, position);
            if (read == 0)
            {
                throw new IOException("The scratch file is shorter than what was written to it.");
            }

            position += read;
            target = target[read..];
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        Writing.Dispose();
    }
}
