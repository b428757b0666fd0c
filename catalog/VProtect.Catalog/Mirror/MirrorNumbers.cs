using System.Text.Json;
using VProtect.Abstractions.Nodes.Wire;

namespace VProtect.Catalog.Mirror;

/// <summary>
/// What numbers of an appliance's rows may be. They are added up, and reckoned with, beside everybody's: one that no machine has would be in all sums.
/// </summary>
public static class MirrorNumbers
{
    /// <summary>An exbibyte, 2^60.</summary>
    public const long BytesMax = 1L << 60;

    /// <summary>The year 5000: a thousand years from then still are a time.</summary>
    private static readonly long _timeMax = new DateTimeOffset(5000, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    /// <summary>A thousand years, as in the API.</summary>
    private const long DurationMax = 1000L * 366 * 24 * 3600 * 1000;

    private static readonly HashSet<string> Times = new(StringComparer.Ordinal) { "locked_until", "window_start", "window_end", "not_before" };

    private static readonly HashSet<string> Durations = new(StringComparer.Ordinal)
    {
        "retry_delay", "rpo", "keep_full_newer_than", "keep_incremental_newer_than", "hour", "interval_start", "interval_end", "interval_frequency", "start_window",
    };

    /// <summary>What file systems say of themselves, some of which say that they end nowhere: bounded, since the row is an honest one.</summary>
    private static readonly HashSet<string> Bounded = new(StringComparer.Ordinal) { "available_bytes", "free_bytes", "capacity_bytes", "reserve_bytes" };

    /// <summary>Numbers that order or count changes, and are never reckoned with.</summary>
    private static readonly HashSet<string> Ordinals = new(StringComparer.Ordinal) { "version", "claim_order" };

    /// <summary>Whole numbers of 32 bits; -1 stands for none in some. What is 0 or 1 the database checks.</summary>
    private static readonly HashSet<string> Counts = new(StringComparer.Ordinal)
    {
        "position", "priority", "percent", "warnings", "attempt", "max_attempts", "error_code", "vlan", "cpu_count", "ssh_port",
        "lock_days", "retention_versions", "retention_days", "fail_export_threshold", "fail_store_threshold", "retry_count", "keep_last_full", "keep_last_incremental", "keep_last", "keep_hourly",
        "keep_daily", "keep_weekly", "keep_monthly", "keep_yearly",
    };

    /// <summary>The least and the most that a column may hold; null for one that is not known here, which is ignored.</summary>
    public static (long Min, long Max)? RangeOf(string column) =>
        column is "bytes_done" or "bytes_total" || IsNamed(column, "_bytes") ? (0, BytesMax)
        : Times.Contains(column) || IsNamed(column, "_at") ? (0, _timeMax)
        : Durations.Contains(column) ? (-DurationMax, DurationMax)
        : Ordinals.Contains(column) ? (-BytesMax, BytesMax)
        : Counts.Contains(column) ? (-1, int.MaxValue)
        : null;

    /// <summary>The first number of a row that is out of its range, as <c>table.column: what is wrong</c>; null when there is none.</summary>
    public static string? UnfitOf(FeedRow row) => row.Columns is null || MirrorTables.All.FirstOrDefault(table => table.Name == row.Table) is not { } table
        ? null
        : UnfitOf(table.Name, row.Columns)
            ?? table.Links.SelectMany(link => (row.Links?.GetValueOrDefault(link.Name) ?? []).Select(columns => UnfitOf(link.Name, columns))).FirstOrDefault(unfit => unfit is not null);

    /// <summary>A number as it is kept: what file systems say of themselves is bounded.</summary>
    internal static long Kept(string column, long number) => Bounded.Contains(column) ? Math.Clamp(number, 0, BytesMax) : number;

    private static string? UnfitOf(string table, IReadOnlyDictionary<string, JsonElement> columns)
    {
        foreach ((string column, JsonElement value) in columns)
        {
            if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && !Bounded.Contains(column)
                && RangeOf(column) is { } range && (number < range.Min || number > range.Max))
            {
                return $"{table}.{column}: {number} is not in {range.Min} to {range.Max}";
            }
        }

        return null;
    }

    // Names come from the appliance, and go into the log.
    private static bool IsNamed(string column, string end) => column.EndsWith(end, StringComparison.Ordinal) && column.All(letter => char.IsAsciiLetterLower(letter) || letter == '_');
}
