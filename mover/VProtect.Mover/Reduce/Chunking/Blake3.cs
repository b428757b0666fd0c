using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using static VProtect.Mover.Reduce.Chunking.Blake3Constants;

namespace VProtect.Mover.Reduce.Chunking;

/// <summary>
/// BLAKE3 of input that lies in memory as a whole: chunk ids, and subkeys. See <see cref="Blake3Hasher"/> for input that
/// comes in pieces.
/// </summary>
/// <remarks>
/// Pure functions: thread-safe, nothing allocated, and no state kept. Output may have any length: 32 bytes is the hash proper,
/// a shorter output is its prefix, and a longer one extends it. Output may overlap the input.
/// Source: BLAKE3, one function, fast everywhere (O'Connor, Aumasson, Neves, Wilcox-O'Hearn; 2020),
/// https://github.com/BLAKE3-team/BLAKE3-specs.
/// </remarks>
public static unsafe class Blake3
{
    /// <summary>Bytes of a key.</summary>
    public const int KeyLengthBytes = KeyLength;

    /// <summary>Bytes of a hash, unless another length is asked for.</summary>
    public const int HashLengthBytes = HashLength;

    /// <summary>The plain hash.</summary>
    /// <param name="input">What is hashed.</param>
    /// <param name="output">Filled with the hash.</param>
    public static void Hash(ReadOnlySpan<byte> input, Span<byte> output) =>
        Compute(IV, 0, input, output, Blake3Tree.WidestLanes);

    /// <summary>The hash under a key: a pseudo-random function and a message authentication code.</summary>
    /// <param name="key">32 bytes, as good as random.</param>
    /// <param name="input">What is hashed.</param>
    /// <param name="output">Filled with the hash.</param>
    /// <exception cref="ArgumentException">The key is not 32 bytes long.</exception>
    public static void KeyedHash(ReadOnlySpan<byte> key, ReadOnlySpan<byte> input, Span<byte> output) =>
        KeyedHash(key, input, output, Blake3Tree.WidestLanes);

    /// <summary>Derives a key for one purpose from key material that may serve many.</summary>
    /// <param name="context">
    /// Says the purpose: hard-coded, globally unique, for example "VProtect 2025-01-31 pack key v1". Hashed as UTF-8.
    /// </param>
    /// <param name="keyMaterial">Any length, but not a pass phrase: this function is fast.</param>
    /// <param name="output">Filled with the derived key.</param>
    [SkipLocalsInit]
    public static void DeriveKey(string context, ReadOnlySpan<byte> keyMaterial, Span<byte> output)
    {
        int length = Encoding.UTF8.GetByteCount(context);
        Span<byte> utf8 = length <= 256 ? stackalloc byte[256] : new byte[length];
        DeriveKey(utf8[..Encoding.UTF8.GetBytes(context, utf8)], keyMaterial, output);
    }

    /// <inheritdoc cref="DeriveKey(string, ReadOnlySpan{byte}, Span{byte})"/>
    public static void DeriveKey(ReadOnlySpan<byte> context, ReadOnlySpan<byte> keyMaterial, Span<byte> output) =>
        DeriveKey(context, keyMaterial, output, Blake3Tree.WidestLanes);

    /// <summary>The hash with vectors no wider than <paramref name="lanes"/> words.</summary>
    internal static void Hash(ReadOnlySpan<byte> input, Span<byte> output, int lanes) =>
        Compute(IV, 0, input, output, lanes);

    [SkipLocalsInit]
    internal static void KeyedHash(ReadOnlySpan<byte> key, ReadOnlySpan<byte> input, Span<byte> output, int lanes)
    {
        Span<uint> words = stackalloc uint[CvWords];
        ReadKey(key, words);
        Compute(words, Blake3Constants.KeyedHash, input, output, lanes);
    }

    [SkipLocalsInit]
    internal static void DeriveKey(
        ReadOnlySpan<byte> context, ReadOnlySpan<byte> keyMaterial, Span<byte> output, int lanes)
    {
        Span<uint> key = stackalloc uint[CvWords];
        Compute(IV, DeriveKeyContext, context, MemoryMarshal.AsBytes(key), lanes);
        Compute(key, DeriveKeyMaterial, keyMaterial, output, lanes);
    }

    internal static void ReadKey(ReadOnlySpan<byte> key, Span<uint> words)
    {
        if (key.Length != KeyLength)
        {
            throw new ArgumentException("A BLAKE3 key has 32 bytes.", nameof(key));
        }

        key.CopyTo(MemoryMarshal.AsBytes(words));
    }

    private static void Compute(
        ReadOnlySpan<uint> key, uint flags, ReadOnlySpan<byte> input, Span<byte> output, int lanes)
    {
        fixed (uint* keyPointer = key)
        fixed (byte* inputPointer = input)
        {
            Blake3Tree.Reduce(inputPointer, input.Length, 0, keyPointer, flags, lanes, out Blake3Node node);
            node.Root(output);
        }
    }
}
