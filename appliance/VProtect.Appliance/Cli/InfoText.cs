using System.Globalization;
using VProtect.Abstractions;
using VProtect.Mover.Store;

namespace VProtect.Appliance.Cli;

/// <summary>The answer of <c>vprotect repo info</c>, for people: a line for each thing, 80 columns.</summary>
internal static class InfoText
{
    private const int WritersMax = 5;

    public static void Write(TextWriter writer, Repository repository, RepositoryOverview overview, long? reserveBytes, SpaceTrend? trend)
    {
        int machines = overview.Points.Select(point => point.Machine).Distinct(StringComparer.Ordinal).Count();
        List<(string Name, string Value)> lines =
        [
            ("repository", repository.Name),
            ("id", repository.Id),
            ("made", SizeText.OfTime(repository.CreatedAt)),
            ("format", $"version {RepositoryOverview.FormatVersion}{(overview.Features.Count == 0 ? "" : $" with {string.Join(", ", overview.Features)}")}, chunks of {SizeText.Of(repository.ChunkBytes)}, packs of {SizeText.Of(repository.PackBytes)}"),
            ("encryption", repository.IsEncrypted ? $"AES-256-GCM, {Keys(overview.Keys)}" : "none"),
            ("restore points", $"{Count(overview.Points.Count)} of {Plural(machines, "machine")}{Part(overview.Holds.Count, "held")}{Part(overview.Forgotten.Count, "forgotten")}"),
            ("disks in them", SizeText.Of(overview.LogicalBytes)),
            ("stored", $"{SizeText.Of(overview.PackedBytes)} in {Plural(overview.Packs, "pack")}{Ratios(overview)}"),
            ("to collect", ToCollect(overview)),
        ];
        AddWriters(lines, overview.Writers);
        AddSpace(lines, overview.Space, reserveBytes, trend);
        Listing.Write(writer, lines);
    }

    private static string Keys(IReadOnlyList<KeySlotInfo> keys)
    {
        string opener = keys.FirstOrDefault(key => key.OpenedThis) is { } key
            ? $", opened by {key.Id[..8]}{(key.Label is null ? "" : $" '{key.Label}'")}"
            : "";
        return $"{Plural(keys.Count, "key")}{opener}";
    }

    private static string Ratios(RepositoryOverview overview)
    {
        if (overview.PackedBytes == 0 || overview.LogicalBytes == 0)
        {
            return "";
        }

        string dedup = SizeText.Ratio(overview.LogicalBytes, overview.UniqueBytes);
        string compression = overview.CompressionRatio.ToString("0.0#", CultureInfo.InvariantCulture);
        return $": dedup {dedup}, compression {compression}x";
    }

    private static string ToCollect(RepositoryOverview overview) =>
        overview.CondemnedPacks > 0 ? $"{SizeText.Of(overview.CondemnedBytes)} in {Plural(overview.CondemnedPacks, "pack")}: 'vprotect repo gc' frees it"
        : overview.Forgotten.Count > 0 ? "what is forgotten: 'vprotect repo gc', once now and once later"
        : "nothing known";

    private static void AddWriters(List<(string Name, string Value)> lines, IReadOnlyList<WriterInfo> writers)
    {
        string name = "writers";
        foreach (WriterInfo writer in writers.Take(WritersMax))
        {
            string since = writer.Since is { } at ? $" since {SizeText.Of(at)}" : "";
            lines.Add((name, writer.Host is null ? $"lease {writer.Lease[..8]}… cannot be read"
                : $"process {writer.Process} on {writer.Host}{since}{(writer.IsGone ? ", gone: the next gc ends it" : "")}"));
            name = "";
        }

        if (writers.Count > WritersMax)
        {
            lines.Add(("", $"and {writers.Count - WritersMax} more"));
        }
    }

    private static void AddSpace(List<(string Name, string Value)> lines, StoreSpace? space, long? reserveBytes, SpaceTrend? trend)
    {
        string growth = trend is null ? "not enough history (three days with later backups)"
            : trend.BytesPerDay == 0 ? "nothing to speak of"
            : $"{SizeText.Of(trend.BytesPerDay)} a day";
        if (space is not { } known)
        {
            lines.Add(("growth", growth));
            return;
        }

        long reserve = Reserve.In(known, reserveBytes);
        long room = known.FreeBytes - reserve;
        lines.Add(("space", $"{SizeText.Of(known.FreeBytes)} free of {SizeText.Of(known.TotalBytes)}, reserve {SizeText.Of(reserve)}{(room < 0 ? ": backups are refused" : "")}"));
        lines.Add(("growth", trend?.DaysUntilFull(room) is { } days ? $"{growth}: full in {Days(days)}, if nothing is forgotten" : growth));
    }

    private static string Days(double days) =>
        days < 1 ? "less than a day" : days >= 3650 ? "more than ten years" : days < 2 ? "1 day" : $"{Count((long)days)} days";

    private static string Part(int count, string what) => count == 0 ? "" : $", {Count(count)} {what}";

    private static string Plural(long count, string what) => $"{Count(count)} {what}{(count == 1 ? "" : "s")}";

    private static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);
}
