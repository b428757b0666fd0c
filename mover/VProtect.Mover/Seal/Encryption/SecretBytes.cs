using System.Security.Cryptography;

namespace VProtect.Mover.Seal.Encryption;

/// <summary>
/// Memory for a key: the collector never moves it, and so leaves no copies, and it is zeroed when disposed.
/// </summary>
/// <remarks>Not thread-safe: nobody may use the memory while it is disposed.</remarks>
public sealed class SecretBytes : IDisposable
{
    private readonly byte[] _bytes;
    private bool _disposed;

    /// <summary>Makes zeroed memory.</summary>
    /// <param name="length">Bytes.</param>
    public SecretBytes(int length) => _bytes = GC.AllocateArray<byte>(length, pinned: true);

    /// <summary>Makes a copy.</summary>
    /// <param name="value">Copied; zeroing the original is the caller's task.</param>
    public SecretBytes(ReadOnlySpan<byte> value)
        : this(value.Length) => value.CopyTo(_bytes);

    /// <summary>Bytes of the secret.</summary>
    public int Length => _bytes.Length;

    /// <summary>The secret. Not to be kept beyond <see cref="Dispose"/>.</summary>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public Span<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _bytes;
        }
    }

    /// <summary>Zeroes the memory.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_bytes);
        _disposed = true;
    }
}
