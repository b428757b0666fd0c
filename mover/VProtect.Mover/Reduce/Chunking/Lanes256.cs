using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace VProtect.Mover.Reduce.Chunking;

/// <summary>Eight lanes: AVX2, with the rotations of AVX-512VL where they exist.</summary>
internal readonly unsafe struct Lanes256 : ILanes<Vector256<uint>>
{
    public static bool IsSupported => Avx2.IsSupported;

    public static int Count => 8;

    public static Vector256<uint> Broadcast(uint value) => Vector256.Create(value);

    public static Vector256<uint> Add(Vector256<uint> left, Vector256<uint> right) => left + right;

    public static Vector256<uint> Xor(Vector256<uint> left, Vector256<uint> right) => left ^ right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> RotateRight16(Vector256<uint> value) => Avx512F.VL.IsSupported
        ? Avx512F.VL.RotateRight(value, 16)
        : Avx2.Shuffle(value.AsByte(), Vector256.Create(
            (byte)2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13,
            2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> RotateRight12(Vector256<uint> value) => Avx512F.VL.IsSupported
        ? Avx512F.VL.RotateRight(value, 12)
        : (value >>> 12) | (value << 20);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> RotateRight8(Vector256<uint> value) => Avx512F.VL.IsSupported
        ? Avx512F.VL.RotateRight(value, 8)
        : Avx2.Shuffle(value.AsByte(), Vector256.Create(
            (byte)1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12,
            1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12)).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> RotateRight7(Vector256<uint> value) => Avx512F.VL.IsSupported
        ? Avx512F.VL.RotateRight(value, 7)
        : (value >>> 7) | (value << 25);

    /// <inheritdoc/>
    // As with sixteen lanes, but only two rows, i and i + 4, fit in a vector.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadQuarter(byte* input, nuint strideBytes, nuint quarter, Vector256<uint>* message)
    {
        byte* column = input + (quarter * 16);
        Vector256<uint> r0 = Gather(column, strideBytes);
        Vector256<uint> r1 = Gather(column + strideBytes, strideBytes);
        Vector256<uint> r2 = Gather(column + (2 * strideBytes), strideBytes);
        Vector256<uint> r3 = Gather(column + (3 * strideBytes), strideBytes);
        Vector256<ulong> low01 = Avx2.UnpackLow(r0, r1).AsUInt64();
        Vector256<ulong> high01 = Avx2.UnpackHigh(r0, r1).AsUInt64();
        Vector256<ulong> low23 = Avx2.UnpackLow(r2, r3).AsUInt64();
        Vector256<ulong> high23 = Avx2.UnpackHigh(r2, r3).AsUInt64();
        message[(quarter * 4) + 0] = Avx2.UnpackLow(low01, low23).AsUInt32();
        message[(quarter * 4) + 1] = Avx2.UnpackHigh(low01, low23).AsUInt32();
        message[(quarter * 4) + 2] = Avx2.UnpackLow(high01, high23).AsUInt32();
        message[(quarter * 4) + 3] = Avx2.UnpackHigh(high01, high23).AsUInt32();
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreChainingValues(Vector256<uint>* words, byte* output)
    {
        for (nuint half = 0; half < 2; half++)
        {
            Vector256<uint>* w = words + (half * 4);
            Vector256<ulong> low01 = Avx2.UnpackLow(w[0], w[1]).AsUInt64();
            Vector256<ulong> high01 = Avx2.UnpackHigh(w[0], w[1]).AsUInt64();
            Vector256<ulong> low23 = Avx2.UnpackLow(w[2], w[3]).AsUInt64();
            Vector256<ulong> high23 = Avx2.UnpackHigh(w[2], w[3]).AsUInt64();
            Scatter(Avx2.UnpackLow(low01, low23).AsUInt32(), output + (half * 16));
            Scatter(Avx2.UnpackHigh(low01, low23).AsUInt32(), output + (half * 16) + 32);
            Scatter(Avx2.UnpackLow(high01, high23).AsUInt32(), output + (half * 16) + 64);
            Scatter(Avx2.UnpackHigh(high01, high23).AsUInt32(), output + (half * 16) + 96);
        }
    }

    /// <summary>Four words of each of the rows 0 and 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Gather(byte* row, nuint strideBytes) =>
        Vector128.Load((uint*)row).ToVector256Unsafe().WithUpper(Vector128.Load((uint*)(row + (4 * strideBytes))));

    /// <summary>Four words to each of the chaining values 0 and 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scatter(Vector256<uint> value, byte* output)
    {
        value.GetLower().Store((uint*)output);
        value.GetUpper().Store((uint*)(output + 128));
    }
}
