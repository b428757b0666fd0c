using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace VProtect.Abstractions;

/// <summary>
/// The name of a chunk: 32 bytes of keyed BLAKE3 over its plain bytes (see FORMAT.md, <i>Chunk ids</i>).
/// Equal ids mean equal bytes within one repository. The all-zero id names a run of zeros, which is never stored.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
public readonly struct ChunkId : IEquatable<ChunkId>, IComparable<ChunkId>
{
    /// <summary>Bytes in an id.</summary>
    public const int LengthBytes = 32;

    // Four words in memory order: the struct may be copied to and from its 32 bytes as it lies.
    private readonly ulong _word0;
    private readonly ulong _word1;
    private readonly ulong _word2;
    private readonly ulong _word3;

    /// <summary>Reads an id from the first 32 bytes of <paramref name="source"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 32 bytes are given.</exception>
    public ChunkId(ReadOnlySpan<byte> source)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(source.Length, LengthBytes);
        this = MemoryMarshal.Read<ChunkId>(source);
    }

    /// <summary>The id that stands for zeros.</summary>
    public static ChunkId Zero => default;

    /// <summary>Whether this is <see cref="Zero"/>.</summary>
    public bool IsZero => (_word0 | _word1 | _word2 | _word3) == 0;

    /// <summary>Writes the 32 bytes of the id to <paramref name="target"/>.</summary>
    public void CopyTo(Span<byte> target) => MemoryMarshal.Write(target, in this);

    /// <summary>Reads an id from 64 hexadecimal digits.</summary>
    /// <exception cref="FormatException">The text is not 64 hexadecimal digits.</exception>
    public static ChunkId Parse(string text)
    {
        byte[] bytes = Convert.FromHexString(text);
        return bytes.Length == LengthBytes
            ? new ChunkId(bytes)
            : throw new FormatException("A chunk id is 64 hexadecimal digits.");
    }

    /// <inheritdoc/>
    public bool Equals(ChunkId other) =>
        _word0 == other._word0 && _word1 == other._word1 && _word2 == other._word2 && _word3 == other._word3;

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is ChunkId other && Equals(other);

    /// <summary>The first bytes of the id: a keyed hash spreads well by itself.</summary>
    public override int GetHashCode() => (int)_word0;

    /// <summary>64 bits of the id, for tables that hash it: already uniform.</summary>
    public ulong Prefix64 => _word0;

    /// <summary>Orders by bytes, so that sorted ids are sorted as their hexadecimal text.</summary>
    public int CompareTo(ChunkId other)
    {
        Span<byte> mine = stackalloc byte[LengthBytes];
        Span<byte> theirs = stackalloc byte[LengthBytes];
        CopyTo(mine);
        other.CopyTo(theirs);
        return mine.SequenceCompareTo(theirs);
    }

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[LengthBytes];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    /// <summary>Equality of all 32 bytes.</summary>
    public static bool operator ==(ChunkId left, ChunkId right) => left.Equals(right);

    /// <summary>Inequality of any of 32 bytes.</summary>
    public static bool operator !=(ChunkId left, ChunkId right) => !left.Equals(right);

    /// <summary>Byte order.</summary>
    public static bool operator <(ChunkId left, ChunkId right) => left.CompareTo(right) < 0;

    /// <summary>Byte order.</summary>
    public static bool operator >(ChunkId left, ChunkId right) => left.CompareTo(right) > 0;

    /// <summary>Byte order.</summary>
    public static bool operator <=(ChunkId left, ChunkId right) => left.CompareTo(right) <= 0;

    /// <summary>Byte order.</summary>
    public static bool operator >=(ChunkId left, ChunkId right) => left.CompareTo(right) >= 0;
}
