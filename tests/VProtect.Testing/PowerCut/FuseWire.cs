using System.Runtime.InteropServices;
using System.Text;

namespace VProtect.Testing.PowerCut;

/// <summary>What the kernel asks of a file system in user space (include/uapi/linux/fuse.h, protocol 7.31).</summary>
internal enum FuseOperation : uint
{
    Lookup = 1,
    Forget = 2,
    GetAttributes = 3,
    SetAttributes = 4,
    MakeDirectory = 9,
    Unlink = 10,
    RemoveDirectory = 11,
    Rename = 12,
    Link = 13,
    Open = 14,
    Read = 15,
    Write = 16,
    FileSystemStatus = 17,
    Release = 18,
    Fsync = 20,
    Flush = 25,
    Init = 26,
    OpenDirectory = 27,
    ReadDirectory = 28,
    ReleaseDirectory = 29,
    FsyncDirectory = 30,
    Create = 35,
    Interrupt = 36,
    Destroy = 38,
    ForgetMany = 42,
    Allocate = 43,
    Rename2 = 45,
}

/// <summary>One request, valid until the next is read.</summary>
/// <param name="message">As the kernel wrote it: 40 bytes of header, then arguments.</param>
internal readonly ref struct FuseRequest(ReadOnlySpan<byte> message)
{
    private const int HeaderBytes = 40;
    private readonly ReadOnlySpan<byte> _message = message;

    public FuseOperation Operation => (FuseOperation)MemoryMarshal.Read<uint>(_message[4..]);

    public ulong Unique => MemoryMarshal.Read<ulong>(_message[8..]);

    public ulong Node => MemoryMarshal.Read<ulong>(_message[16..]);

    public ReadOnlySpan<byte> Arguments => _message[HeaderBytes..];

    public uint UInt32(int offset) => MemoryMarshal.Read<uint>(Arguments[offset..]);

    public long Int64(int offset) => MemoryMarshal.Read<long>(Arguments[offset..]);

    /// <summary>A name that ends with a zero byte; <paramref name="next"/> is where the following one begins.</summary>
    public string Name(int offset, out int next)
    {
        int length = Arguments[offset..].IndexOf((byte)0);
        next = offset + length + 1;
        return Encoding.UTF8.GetString(Arguments.Slice(offset, length));
    }
}

/// <summary>An answer being put together; its header is added when it is sent.</summary>
internal sealed class FuseReply
{
    private const int HeaderBytes = 16;
    private byte[] _bytes = new byte[4096];
    private int _length = HeaderBytes;

    public int BodyBytes => _length - HeaderBytes;

    public void Clear() => _length = HeaderBytes;

    public FuseReply Add<T>(T value)
        where T : unmanaged
    {
        MemoryMarshal.Write(Reserve(Marshal.SizeOf<T>()), in value);
        return this;
    }

    public void AddBytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Reserve(bytes.Length));

    public void AddZeros(int count) => Reserve(count).Clear();

    /// <summary>The whole message.</summary>
    /// <param name="unique">Of the request.</param>
    /// <param name="error">0, or an error number: then the body goes.</param>
    public ReadOnlySpan<byte> Finish(ulong unique, int error)
    {
        _length = error == 0 ? _length : HeaderBytes;
        MemoryMarshal.Write(_bytes, _length);
        MemoryMarshal.Write(_bytes.AsSpan(4), -error);
        MemoryMarshal.Write(_bytes.AsSpan(8), unique);
        return _bytes.AsSpan(0, _length);
    }

    private Span<byte> Reserve(int count)
    {
        if (_length + count > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, _length + count));
        }

        _length += count;
        return _bytes.AsSpan(_length - count, count);
    }
}
