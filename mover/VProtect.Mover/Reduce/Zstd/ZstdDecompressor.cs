namespace VProtect.Mover.Reduce.Zstd;

/// <summary>Decompresses what <see cref="ZstdCompressor"/> wrote; safe on whatever else it is given.</summary>
/// <remarks>Made once per worker and kept. Not thread-safe. Nothing is allocated per call.</remarks>
public sealed unsafe class ZstdDecompressor : IDisposable
{
    private readonly ZstdDecompressionContext _context;

    /// <summary>Makes a decompressor.</summary>
    /// <exception cref="InsufficientMemoryException">libzstd could not allocate its tables.</exception>
    /// <exception cref="DllNotFoundException">libzstd is not installed.</exception>
    public ZstdDecompressor()
    {
        _context = ZstdNative.CreateDecompressionContext();
        if (_context.IsInvalid)
        {
            throw new InsufficientMemoryException("libzstd could not make a decompression context.");
        }
    }

    /// <summary>Decompresses a chunk of known length.</summary>
    /// <param name="source">The frame, all of it and nothing more. May be hostile.</param>
    /// <param name="target">
    /// Receives the chunk; exactly as long as the chunk must be. Nothing is written beyond it, whatever the frame says; its
    /// content is undefined when the result is false.
    /// </param>
    /// <returns>
    /// False when the frame is malformed or holds any other number of bytes. True says nothing of the content: compare
    /// its id.
    /// </returns>
    /// <exception cref="ObjectDisposedException">The decompressor is disposed.</exception>
    public bool Decompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        // No input at all is no frame, though libzstd takes it for zero frames.
        if (source.IsEmpty)
        {
            return false;
        }

        fixed (byte* sourcePointer = source, targetPointer = target)
        {
            nuint result = ZstdNative.Decompress(
                _context, targetPointer, (nuint)target.Length, sourcePointer, (nuint)source.Length);
            if (ZstdNative.IsError(result) == 0)
            {
                return result == (nuint)target.Length;
            }

            // Lack of our memory is not the data's fault and must not be reported as corruption.
            return ZstdNative.GetErrorCode(result) == ZstdNative.ErrorMemoryAllocation
                ? throw ZstdNative.Failure(result)
                : false;
        }
    }

    /// <summary>Frees the tables.</summary>
    public void Dispose() => _context.Dispose();
}
