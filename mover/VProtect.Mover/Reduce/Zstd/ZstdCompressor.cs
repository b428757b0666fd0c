namespace VProtect.Mover.Reduce.Zstd;

/// <summary>
/// Compresses chunks to zstd frames (RFC 8878), one frame per chunk, each on its own: no dictionary, no checksum (the
/// chunk's id checks more), and the content size in the frame header.
/// </summary>
/// <remarks>
/// Made once per worker and kept: the tables inside (about 100 KiB at level 1 for chunks of 64 KiB) cost more to make
/// than a chunk to compress. Not thread-safe. Nothing is allocated per call.
/// </remarks>
public sealed unsafe class ZstdCompressor : IDisposable
{
    /// <summary>Fastest level: negative levels trade size for speed.</summary>
    public const int LevelMin = -50;

    /// <summary>Densest level: those beyond need more memory than a worker is allowed.</summary>
    public const int LevelMax = 19;

    private const int SmallChunkBytes = 128 << 10;

    private readonly ZstdCompressionContext _context;

    /// <summary>Makes a compressor.</summary>
    /// <param name="level"><see cref="LevelMin"/> to <see cref="LevelMax"/>, not 0, which zstd takes for its default.</param>
    /// <exception cref="ArgumentOutOfRangeException">The level is not one of these.</exception>
    /// <exception cref="InsufficientMemoryException">libzstd could not allocate its tables.</exception>
    /// <exception cref="DllNotFoundException">libzstd is not installed.</exception>
    public ZstdCompressor(int level)
        : this(level, chunkBytes: int.MaxValue)
    {
    }

    /// <summary>Makes a compressor for chunks of a size, with parameters that suit it where they are known to.</summary>
    /// <param name="level">As for the other constructor.</param>
    /// <param name="chunkBytes">The chunks' usual size.</param>
    /// <exception cref="ArgumentOutOfRangeException">The level is not one of these.</exception>
    /// <exception cref="InsufficientMemoryException">libzstd could not allocate its tables.</exception>
    /// <exception cref="DllNotFoundException">libzstd is not installed.</exception>
    public ZstdCompressor(int level, int chunkBytes)
    {
        ArgumentOutOfRangeException.ThrowIfZero(level);
        ArgumentOutOfRangeException.ThrowIfLessThan(level, LevelMin);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, LevelMax);
        _context = ZstdNative.CreateCompressionContext();
        if (_context.IsInvalid)
        {
            throw new InsufficientMemoryException("libzstd could not make a compression context.");
        }

        Level = level;
        SetParameter(ZstdNative.CompressionLevel, level);
        SetParameter(ZstdNative.ContentSizeFlag, 1);
        SetParameter(ZstdNative.ChecksumFlag, 0);
        SetParameter(ZstdNative.DictionaryIdFlag, 0);
        if (level == 1 && chunkBytes <= SmallChunkBytes)
        {
            // At 64 KiB a table that stays in the first cache and matches of five bytes compress 5 to 14 % faster than
            // the level's own choice, to the same size; see mover/decisions/0002-chunk-size.md.
            SetParameter(ZstdNative.HashLog, 12);
            SetParameter(ZstdNative.MinMatch, 5);
        }
    }

    /// <summary>The level this compressor was made with.</summary>
    public int Level { get; }

    /// <summary>Compresses a chunk to one frame.</summary>
    /// <param name="source">The chunk.</param>
    /// <param name="target">
    /// Receives the frame; its length is the bound above which a frame is not worth keeping. libzstd wants some bytes more than
    /// the frame has, so a frame just below the bound may be refused. The content is undefined when it is.
    /// </param>
    /// <returns>Bytes of the frame, or 0 when it does not fit: the caller stores the chunk as it is.</returns>
    /// <exception cref="ObjectDisposedException">The compressor is disposed.</exception>
    public int Compress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        fixed (byte* sourcePointer = source, targetPointer = target)
        {
            nuint result = ZstdNative.Compress(
                _context, targetPointer, (nuint)target.Length, sourcePointer, (nuint)source.Length);
            if (ZstdNative.IsError(result) == 0)
            {
                return (int)result;
            }

            return ZstdNative.GetErrorCode(result) == ZstdNative.ErrorTargetTooSmall
                ? 0
                : throw ZstdNative.Failure(result);
        }
    }

    /// <summary>Frees the tables.</summary>
    public void Dispose() => _context.Dispose();

    /// <summary>Sets a parameter of zstd.h for all following chunks; for benchmarks beyond the constructor's use.</summary>
    internal void SetParameter(int parameter, int value)
    {
        nuint result = ZstdNative.SetParameter(_context, parameter, value);
        if (ZstdNative.IsError(result) != 0)
        {
            throw ZstdNative.Failure(result);
        }
    }
}
