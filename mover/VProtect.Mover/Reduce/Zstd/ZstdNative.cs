using System.Runtime.InteropServices;

namespace VProtect.Mover.Reduce.Zstd;

/// <summary>
/// What we call of libzstd: its stable interface only, so any 1.4 or later serves. The name is that of the shared library's
/// binary interface, which is why no development package is needed.
/// </summary>
internal static unsafe partial class ZstdNative
{
    // ZSTD_cParameter of zstd.h.
    public const int CompressionLevel = 100;
    public const int HashLog = 102;
    public const int MinMatch = 105;
    public const int ContentSizeFlag = 200;
    public const int ChecksumFlag = 201;
    public const int DictionaryIdFlag = 202;

    // ZSTD_ErrorCode of zstd_errors.h.
    public const int ErrorMemoryAllocation = 64;
    public const int ErrorTargetTooSmall = 70;

    private const string Library = "libzstd.so.1";

    [LibraryImport(Library, EntryPoint = "ZSTD_createCCtx")]
    public static partial ZstdCompressionContext CreateCompressionContext();

    [LibraryImport(Library, EntryPoint = "ZSTD_freeCCtx")]
    public static partial nuint FreeCompressionContext(nint context);

    [LibraryImport(Library, EntryPoint = "ZSTD_CCtx_setParameter")]
    public static partial nuint SetParameter(ZstdCompressionContext context, int parameter, int value);

    [LibraryImport(Library, EntryPoint = "ZSTD_compress2")]
    public static partial nuint Compress(
        ZstdCompressionContext context, byte* target, nuint targetLength, byte* source, nuint sourceLength);

    /// <summary>ZSTD_EndDirective: 0 goes on, 2 ends the frame.</summary>
    [LibraryImport(Library, EntryPoint = "ZSTD_compressStream2")]
    public static partial nuint CompressStream(ZstdCompressionContext context, ref ZstdBuffer target, ref ZstdBuffer source, int directive);

    [LibraryImport(Library, EntryPoint = "ZSTD_createDCtx")]
    public static partial ZstdDecompressionContext CreateDecompressionContext();

    [LibraryImport(Library, EntryPoint = "ZSTD_freeDCtx")]
    public static partial nuint FreeDecompressionContext(nint context);

    [LibraryImport(Library, EntryPoint = "ZSTD_decompressDCtx")]
    public static partial nuint Decompress(
        ZstdDecompressionContext context, byte* target, nuint targetLength, byte* source, nuint sourceLength);

    [LibraryImport(Library, EntryPoint = "ZSTD_isError")]
    [SuppressGCTransition]
    public static partial uint IsError(nuint result);

    [LibraryImport(Library, EntryPoint = "ZSTD_getErrorCode")]
    [SuppressGCTransition]
    public static partial int GetErrorCode(nuint result);

    /// <summary>Turns a failure that is neither the data's fault nor expected into an exception.</summary>
    public static Exception Failure(nuint result)
    {
        int code = GetErrorCode(result);
        return code == ErrorMemoryAllocation
            ? new InsufficientMemoryException("libzstd could not allocate memory.")
            : new InvalidOperationException($"libzstd failed with error {code}.");
    }
}

/// <summary>ZSTD_inBuffer and ZSTD_outBuffer, which have the same shape.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ZstdBuffer
{
    public byte* Bytes;
    public nuint Length;
    public nuint Position;
}
