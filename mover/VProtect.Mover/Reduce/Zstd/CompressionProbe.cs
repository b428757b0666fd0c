namespace VProtect.Mover.Reduce.Zstd;

internal static class CompressionProbe
{
    public static bool LooksIncompressible(ReadOnlySpan<byte> chunk) => chunk.IsEmpty;
}
