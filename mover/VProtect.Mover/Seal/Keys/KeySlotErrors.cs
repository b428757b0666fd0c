using System.Globalization;
using VProtect.Abstractions;

namespace VProtect.Mover.Seal.Keys;

/// <summary>Why a repository does not open: the wrong secret, slots that are gone or damaged, or a lost ring. Each is told apart from the others.</summary>
internal static class KeySlotErrors
{
    private const int SlotsNamedMax = 8;

    /// <summary>No slot opened.</summary>
    /// <param name="place">What messages call the repository.</param>
    /// <param name="slots">Those that are whole; all have been tried.</param>
    /// <param name="damaged">Keys of those that are not.</param>
    public static VProtectException NoneOpens(string place, IReadOnlyList<KeySlot> slots, IReadOnlyList<string> damaged)
    {
        if (slots.Count == 0)
        {
            return new IntegrityException(
                damaged.Count == 0
                    ? $"The repository at {place} has no key slot left: without a copy of the objects under 'keys/slots' nobody can open it."
                    : $"All {damaged.Count} key slots of {place} are damaged ({string.Join(", ", damaged.Take(SlotsNamedMax))}): without a copy of one of them nobody can open it.",
                ErrorCode.ObjectMissing);
        }

        string others = slots.Count > SlotsNamedMax ? $"; and {slots.Count - SlotsNamedMax} more" : "";
        string broken = damaged.Count == 0 ? "" : $" {Quantity.Of(damaged.Count, "more slot")} cannot be tried: damaged ({string.Join(", ", damaged.Take(SlotsNamedMax))}).";
        return new VProtectException(
            ErrorCode.WrongKey, ErrorSide.Request,
            $"No key of the repository at {place} opens with this secret. {Quantity.Of(slots.Count, "slot")}: "
            + $"{string.Join("; ", slots.Take(SlotsNamedMax).Select(Describe))}{others}.{broken}",
            "Check VPROTECT_PASSPHRASE or --key-file; a recovery key opens it too. Without one of these secrets the data cannot be read by anybody.");
    }

    /// <summary>The secret is right, and there is no ring.</summary>
    public static IntegrityException RingMissing(string place) => new(
        $"The secret is right, but the key ring of {place} is missing: without a copy of the objects under 'keys/ring' the data cannot be read by anybody.",
        ErrorCode.ObjectMissing);

    /// <summary>The secret is right, and no ring is whole.</summary>
    public static IntegrityException RingDamaged(string place, IntegrityException damage) => new(
        $"The secret is right, but the key ring of {place} cannot be used: {damage.Message} Put a copy of the objects under 'keys/ring' back.", inner: damage);

    private static string Describe(KeySlot slot)
    {
        string day = DateTimeOffset.TryParse(slot.CreatedAt, CultureInfo.InvariantCulture, out DateTimeOffset at)
            ? at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
            : "unknown day";
        string kind = slot.Kind == KeySlot.RecoveryKind ? "recovery key" : "pass phrase";
        return $"{(slot.Slot.Length > 8 ? slot.Slot[..8] : slot.Slot)} {kind}{(slot.Label is null ? "" : $" '{slot.Label}'")} of {day}";
    }
}
