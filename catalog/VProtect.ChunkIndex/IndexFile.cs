using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VProtect.ChunkIndex;

/// <summary>
/// One file of the index, read and written by position. Reads past the end yield zeros. Tests derive from it to
/// make disks fail.
/// </summary>
internal partial class IndexFile : IDisposable
{
    private readonly SafeFileHandle _handle;

    public IndexFile(string path)
    {
        Path = path;
        _handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
    }

    public string Path { get; }

    public long LengthBytes => RandomAccess.GetLength(_handle);

    public virtual void Write(ReadOnlySpan<byte> source, long offset) => RandomAccess.Write(_handle, source, offset);

    /// <summary>Fills <paramref name="target"/>; what lies past the end of the file is zero.</summary>
    public virtual void Read(Span<byte> target, long offset)
    {
        while (target.Length > 0)
        {
            int read = RandomAccess.Read(_handle, target, offset);
            if (read == 0)
            {
                target.Clear();
                return;
            }

            target = target[read..];
            offset += read;
        }
    }

    /// <summary>Reads only if the whole range is in the page cache, so that the calling thread never waits for a disk.</summary>
    public virtual unsafe bool TryReadCached(Span<byte> target, long offset)
    {
        fixed (byte* pointer = target)
        {
            var vector = new IoVector { Base = pointer, Length = (nuint)target.Length };
            return PReadV2(_handle, &vector, 1, offset, ReadNoWait) == target.Length;
        }
    }

    /// <summary>Returns when everything written is on stable storage.</summary>
    public virtual void Flush() => RandomAccess.FlushToDisk(_handle);

    public virtual void SetLength(long lengthBytes) => RandomAccess.SetLength(_handle, lengthBytes);

    public void Dispose()
    {
        _handle.Dispose();
        GC.SuppressFinalize(this);
    }

    // RWF_NOWAIT of linux/fs.h: fail with EAGAIN instead of waiting for a device. Other failures mean "ask the slow way".
    private const int ReadNoWait = 0x8;

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }

    [LibraryImport("libc", EntryPoint = "preadv2")]
    private static unsafe partial nint PReadV2(SafeFileHandle file, IoVector* vectors, int count, long offset, int flags);
}
