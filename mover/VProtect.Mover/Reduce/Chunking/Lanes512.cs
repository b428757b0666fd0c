using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace VProtect.Mover.Reduce.Chunking;

/// <summary>Sixteen lanes: AVX-512.</summary>
internal readonly unsafe struct Lanes512 : ILanes<Vector512<uint>>
{
    /// <summary>
    /// Whether the processor has it. Deliberately not <see cref="Vector512.IsHardwareAccelerated"/>, which is false on
    /// processors that lower their clock for heavy 512-bit work: additions and rotations are not heavy, and sixteen lanes win.
    /// </summary>
    public static bool IsSupported => Avx512F.IsSupported;

    public static int Count => 16;

    public static Vector512<uint> Broadcast(uint value) => Vector512.Create(value);

    public static Vector512<uint> Add(Vector512<uint> left, Vector512<uint> right) => left + right;

    public static Vector512<uint> Xor(Vector512<uint> left, Vector512<uint> right) => left ^ right;

    public static Vector512<uint> RotateRight16(Vector512<uint> value) => Avx512F.RotateRight(value, 16);

    public static Vector512<uint> RotateRight12(Vector512<uint> value) => Avx512F.RotateRight(value, 12);

    public static Vector512<uint> RotateRight8(Vector512<uint> value) => Avx512F.RotateRight(value, 8);

    public static Vector512<uint> RotateRight7(Vector512<uint> value) => Avx512F.RotateRight(value, 7);

    /// <inheritdoc/>
    // A 16 by 16 transposition in two steps: each group of four words of four rows, taken from the rows i, i + 4, i + 8,
    // i + 12 so that the 128-bit parts need no further exchange, is transposed within the 128-bit parts.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadQuarter(byte* input, nuint strideBytes, nuint quarter, Vector512<uint>* message)
    {
        byte* column = input + (quarter * 16);
        Vector512<uint> r0 = Gather(column, strideBytes);
        Vector512<uint> r1 = Gather(column + strideBytes, strideBytes);
        Vector512<uint> r2 = Gather(column + (2 * strideBytes), strideBytes);
        Vector512<uint> r3 = Gather(column + (3 * strideBytes), strideBytes);
        Vector512<ulong> low01 = Avx512F.UnpackLow(r0, r1).AsUInt64();
        Vector512<ulong> high01 = Avx512F.UnpackHigh(r0, r1).AsUInt64();
        Vector512<ulong> low23 = Avx512F.UnpackLow(r2, r3).AsUInt64();
        Vector512<ulong> high23 = Avx512F.UnpackHigh(r2, r3).AsUInt64();
        message[(quarter * 4) + 0] = Avx512F.UnpackLow(low01, low23).AsUInt32();
        message[(quarter * 4) + 1] = Avx512F.UnpackHigh(low01, low23).AsUInt32();
        message[(quarter * 4) + 2] = Avx512F.UnpackLow(high01, high23).AsUInt32();
        message[(quarter * 4) + 3] = Avx512F.UnpackHigh(high01, high23).AsUInt32();
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreChainingValues(Vector512<uint>* words, byte* output)
    {
        for (nuint half = 0; half < 2; half++)
        {
            Vector512<uint>* w = words + (half * 4);
            Vector512<ulong> low01 = Avx512F.UnpackLow(w[0], w[1]).AsUInt64();
            Vector512<ulong> high01 = Avx512F.UnpackHigh(w[0], w[1]).AsUInt64();
            Vector512<ulong> low23 = Avx512F.UnpackLow(w[2], w[3]).AsUInt64();
            Vector512<ulong> high23 = Avx512F.UnpackHigh(w[2], w[3]).AsUInt64();
            Scatter(Avx512F.UnpackLow(low01, low23).AsUInt32(), output + (half * 16));
            Scatter(Avx512F.UnpackHigh(low01, low23).AsUInt32(), output + (half * 16) + 32);
            Scatter(Avx512F.UnpackLow(high01, high23).AsUInt32(), output + (half * 16) + 64);
            Scatter(Avx512F.UnpackHigh(high01, high23).AsUInt32(), output + (half * 16) + 96);
        }
    }

    /// <summary>Four words of each of the rows 0, 4, 8 and 12.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Gather(byte* row, nuint strideBytes)
    {
        Vector512<uint> rows = Vector128.Load((uint*)row).ToVector256Unsafe().ToVector512Unsafe();
        rows = Avx512F.InsertVector128(rows, Vector128.Load((uint*)(row + (4 * strideBytes))), 1);
        rows = Avx512F.InsertVector128(rows, Vector128.Load((uint*)(row + (8 * strideBytes))), 2);
        return Avx512F.InsertVector128(rows, Vector128.Load((uint*)(row + (12 * strideBytes))), 3);
    }

    /// <summary>Four words to each of the chaining values 0, 4, 8 and 12.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scatter(Vector512<uint> value, byte* output)
    {
        value.GetLower().GetLower().Store((uint*)output);
        Avx512F.ExtractVector128(value, 1).Store((uint*)(output + 128));
        Avx512F.ExtractVector128(value, 2).Store((uint*)(output + 256));
        Avx512F.ExtractVector128(value, 3).Store((uint*)(output + 384));
    }
}
