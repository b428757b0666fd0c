using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace VProtect.Mover.Reduce.Chunking;

/// <summary>Four lanes: SSE and NEON, with the rotations of AVX-512VL where they exist.</summary>
internal readonly unsafe struct Lanes128 : ILanes<Vector128<uint>>
{
    // The block loads take the words as they lie in memory, which is the order BLAKE3 wants on little-endian machines only.
    public static bool IsSupported => Vector128.IsHardwareAccelerated && BitConverter.IsLittleEndian;

    public static int Count => 4;

    public static Vector128<uint> Broadcast(uint value) => Vector128.Create(value);

    public static Vector128<uint> Add(Vector128<uint> left, Vector128<uint> right) => left + right;

    public static Vector128<uint> Xor(Vector128<uint> left, Vector128<uint> right) => left ^ right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> RotateRight16(Vector128<uint> value) => Avx512F.VL.IsSupported
        ? Avx512F.VL.RotateRight(value, 16)
        : (value >>> 16) | (value << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> RotateRight12(Vector128<uint> value) => Avx512F.VL.IsSupported
        ? Avx512F.VL.RotateRight(value, 12)
        : (value >>> 12) | (value << 20);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> RotateRight8(Vector128<uint> value) => Avx512F.VL.IsSupported
        ? Avx512F.VL.RotateRight(value, 8)
        : (value >>> 8) | (value << 24);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> RotateRight7(Vector128<uint> value) => Avx512F.VL.IsSupported
        ? Avx512F.VL.RotateRight(value, 7)
        : (value >>> 7) | (value << 25);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadQuarter(byte* input, nuint strideBytes, nuint quarter, Vector128<uint>* message)
    {
        byte* column = input + (quarter * 16);
        Transpose(
            Vector128.Load((uint*)column),
            Vector128.Load((uint*)(column + strideBytes)),
            Vector128.Load((uint*)(column + (2 * strideBytes))),
            Vector128.Load((uint*)(column + (3 * strideBytes))),
            (uint*)(message + (quarter * 4)),
            4);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreChainingValues(Vector128<uint>* words, byte* output)
    {
        Transpose(words[0], words[1], words[2], words[3], (uint*)output, 8);
        Transpose(words[4], words[5], words[6], words[7], (uint*)output + 4, 8);
    }

    /// <summary>Transposes four words of four rows; the results lie <paramref name="strideWords"/> apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(
        Vector128<uint> r0, Vector128<uint> r1, Vector128<uint> r2, Vector128<uint> r3, uint* output, nuint strideWords)
    {
        Vector128<ulong> low01 = InterleaveLow(r0, r1).AsUInt64();
        Vector128<ulong> high01 = InterleaveHigh(r0, r1).AsUInt64();
        Vector128<ulong> low23 = InterleaveLow(r2, r3).AsUInt64();
        Vector128<ulong> high23 = InterleaveHigh(r2, r3).AsUInt64();
        InterleaveLow(low01, low23).AsUInt32().Store(output);
        InterleaveHigh(low01, low23).AsUInt32().Store(output + strideWords);
        InterleaveLow(high01, high23).AsUInt32().Store(output + (2 * strideWords));
        InterleaveHigh(high01, high23).AsUInt32().Store(output + (3 * strideWords));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> InterleaveLow(Vector128<uint> left, Vector128<uint> right) =>
        Sse2.IsSupported ? Sse2.UnpackLow(left, right)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(left, right)
        : Vector128.Create(left[0], right[0], left[1], right[1]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> InterleaveHigh(Vector128<uint> left, Vector128<uint> right) =>
        Sse2.IsSupported ? Sse2.UnpackHigh(left, right)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(left, right)
        : Vector128.Create(left[2], right[2], left[3], right[3]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> InterleaveLow(Vector128<ulong> left, Vector128<ulong> right) =>
        Sse2.IsSupported ? Sse2.UnpackLow(left, right) : Vector128.Create(left.GetLower(), right.GetLower());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> InterleaveHigh(Vector128<ulong> left, Vector128<ulong> right) =>
        Sse2.IsSupported ? Sse2.UnpackHigh(left, right) : Vector128.Create(left.GetUpper(), right.GetUpper());
}
