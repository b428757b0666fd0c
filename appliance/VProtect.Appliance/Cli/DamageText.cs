using System.Globalization;
using VProtect.Abstractions;
using VProtect.Mover.Upkeep;

namespace VProtect.Appliance.Cli;

/// <summary>What a person is told of damage: in restore points and bytes first, in chunks and packs last.</summary>
internal static class DamageText
{
    /// <summary>Lines of one kind that a person is shown; --json has them all.</summary>
    private const int ShownMax = 20;

    /// <summary>Ranges of one disk that a person is shown.</summary>
    private const int RangesShownMax = 4;

    public static void WriteAffected(TextWriter writer, IReadOnlyList<AffectedPoint> affected)
    {
        if (affected.Count == 0)
        {
            return;
        }

        int points = affected.Select(point => point.Id).Distinct().Count();
        long bytes = affected.Sum(point => point.DamagedBytes);
        WriteList(
            writer,
            string.Create(CultureInfo.InvariantCulture, $"Restore points that cannot be restored whole: {points}, of {Quantity.Of(affected.Select(point => point.Machine).Distinct().Count(), "machine")}, {SizeText.Of(bytes)} at stake; disks"),
            [.. affected.Select(point =>
                $"{point.Id[..8]}  {point.Machine}, number {point.Sequence}, {SizeText.Of(point.CreatedAt)}, disk {point.Disk}: {SizeText.Of(point.DamagedBytes)} lost{Ranges(point)}")]);
    }

    /// <summary>A title with a count, and lines below; nothing when there are none.</summary>
    public static void WriteList(TextWriter writer, string title, IReadOnlyList<string> lines)
    {
        if (lines.Count == 0)
        {
            return;
        }

        writer.WriteLine($"{title} ({lines.Count}):");
        foreach (string line in lines.Take(ShownMax))
        {
            writer.WriteLine("  " + line);
        }

        if (lines.Count > ShownMax)
        {
            writer.WriteLine($"  … and {lines.Count - ShownMax} more; --json shows all");
        }
    }

    /// <summary>As --json names it.</summary>
    public static string Of(LeftoverKind kind) => kind switch
    {
        LeftoverKind.UnknownObject => "unknown-object",
        LeftoverKind.StaleLease => "stale-lease",
        LeftoverKind.ForeignLease => "foreign-lease",
        LeftoverKind.AbortedPoint => "aborted-point",
        LeftoverKind.MarkOfNothing => "mark-of-nothing",
        LeftoverKind.BadMarkOfNothing => "bad-mark-of-nothing",
        LeftoverKind.UnusablePack => "unusable-pack",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static string Ranges(AffectedPoint point)
    {
        if (point.Ranges.Count == 0)
        {
            return "";
        }

        IEnumerable<string> shown = point.Ranges.Take(RangesShownMax).Select(range => $"{range.OffsetBytes}+{range.LengthBytes}");
        int more = point.Ranges.Count - RangesShownMax;
        return $" (bytes {string.Join(", ", shown)}{(more > 0 || point.HasMoreRanges ? $" and {(point.HasMoreRanges ? "over " : "")}{more} more" : "")})";
    }
}
