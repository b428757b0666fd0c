using System.Globalization;
using VProtect.Abstractions;

namespace VProtect.Mover.Store.Collection;

/// <summary>
/// Where a lease lies: slot 0, 1, 2 … of a generation of collection (FORMAT.md section 7), so that all leases of a generation
/// are found by key.
/// </summary>
/// <param name="Generation">Of the state that its writer goes by.</param>
/// <param name="Slot">From 0, without gaps.</param>
internal readonly record struct LeaseName(long Generation, long Slot)
{
    private const int Digits = 16;

    /// <summary>Key of the lease.</summary>
    public string Key => $"leases/{this}";

    /// <summary>Key of what ends it.</summary>
    public string EndKey => $"ended/{this}";

    /// <summary>
    /// Reads 32 digits; false for anything else. A name that an early program drew by chance is none, or one of a generation
    /// that is far from being reached.
    /// </summary>
    public static bool TryParse(string text, out LeaseName name)
    {
        bool parsed = PackId.TryParse(text, out PackId id);
        name = new LeaseName((long)(ulong)(id.Value >> 64), (long)(ulong)id.Value);
        return parsed && name is { Generation: >= 0, Slot: >= 0 };
    }

    /// <summary>The 32 digits of its key.</summary>
    public override string ToString() => string.Concat(Hex(Generation), Hex(Slot));

    private static string Hex(long number) => number.ToString($"x{Digits}", CultureInfo.InvariantCulture);
}
