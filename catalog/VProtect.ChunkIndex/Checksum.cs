using System.Numerics;
using System.Runtime.InteropServices;

namespace VProtect.ChunkIndex;

/// <summary>CRC-32C (Castagnoli), as the processor computes it, beginning with all ones and without a final inversion.</summary>
internal static class Checksum
{
    private const int ReadBytes = 1 << 20;

    public static uint Of(ReadOnlySpan<byte> bytes) => Continue(uint.MaxValue, bytes);

    /// <summary>Checksum of a whole file, reading it once.</summary>
    public static uint Of(IndexFile file)
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>((int)Math.Min(ReadBytes, Math.Max(1, file.LengthBytes)));
        uint crc = uint.MaxValue;
        long length = file.LengthBytes;
        for (long offset = 0; offset < length; offset += buffer.Length)
        {
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - offset));
            file.Read(part, offset);
            crc = Continue(crc, part);
        }

        return crc;
    }

    private static uint Continue(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (byte last in bytes[(bytes.Length & ~7)..])
        {
            crc = BitOperations.Crc32C(crc, last);
        }

        return crc;
    }
}
