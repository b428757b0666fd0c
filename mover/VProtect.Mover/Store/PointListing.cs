using VProtect.Abstractions;

namespace VProtect.Mover.Store;

/// <summary>The restore points of a repository as far as they can be read.</summary>
/// <param name="Points">By machine and sequence.</param>
/// <param name="Damaged">Those whose object is damaged: id → what is wrong. Their machine is not known.</param>
public sealed record PointListing(IReadOnlyList<RestorePoint> Points, IReadOnlyDictionary<string, IntegrityException> Damaged)
{
    /// <summary>The damaged restore point that an id, or a prefix of at least 4 digits, names; null when that is none or several.</summary>
    public string? FindDamaged(string wanted)
    {
        string[] fitting = [.. Damaged.Keys.Where(id => wanted.Length >= 4 && id.StartsWith(wanted, StringComparison.OrdinalIgnoreCase)).Take(2)];
        return fitting.Length == 1 ? fitting[0] : null;
    }
}
