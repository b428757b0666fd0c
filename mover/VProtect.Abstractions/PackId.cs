using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace VProtect.Abstractions;

/// <summary>
/// The name of a pack object: 16 random bytes drawn when the pack is begun, never used twice.
/// The pack's encryption key is derived from it (FORMAT.md, <i>Packs</i>).
/// </summary>
/// <param name="Value">The 16 bytes, read big-endian.</param>
public readonly record struct PackId(UInt128 Value) : IComparable<PackId>
{
    /// <summary>Bytes in an id.</summary>
    public const int LengthBytes = 16;

    [ThreadStatic]
    private static Random? s_simulated;

    /// <summary>Draws a new id from the system's cryptographic random source.</summary>
    public static PackId NewRandom()
    {
        Span<byte> bytes = stackalloc byte[LengthBytes];
        if (s_simulated is { } simulated)
        {
            simulated.NextBytes(bytes);
        }
        else
        {
            RandomNumberGenerator.Fill(bytes);
        }

        return Read(bytes);
    }

    /// <summary>Draws this thread's ids from a seeded source, so that a simulation can be repeated; null ends that.</summary>
    internal static void Simulate(Random? source) => s_simulated = source;

    /// <summary>Reads an id from the first 16 bytes of <paramref name="source"/>.</summary>
    public static PackId Read(ReadOnlySpan<byte> source) => new(BinaryPrimitives.ReadUInt128BigEndian(source));

    /// <summary>Writes the 16 bytes of the id.</summary>
    public void CopyTo(Span<byte> target) => BinaryPrimitives.WriteUInt128BigEndian(target, Value);

    /// <summary>Reads 32 hexadecimal digits; false when the text is anything else.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out PackId id)
    {
        bool parsed = UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 value);
        id = new PackId(value);
        return parsed && text.Length == 2 * LengthBytes;
    }

    /// <inheritdoc/>
    public int CompareTo(PackId other) => Value.CompareTo(other.Value);

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);

    /// <summary>Byte order.</summary>
    public static bool operator <(PackId left, PackId right) => left.CompareTo(right) < 0;

    /// <summary>Byte order.</summary>
    public static bool operator >(PackId left, PackId right) => left.CompareTo(right) > 0;

    /// <summary>Byte order.</summary>
    public static bool operator <=(PackId left, PackId right) => left.CompareTo(right) <= 0;

    /// <summary>Byte order.</summary>
    public static bool operator >=(PackId left, PackId right) => left.CompareTo(right) >= 0;
}
