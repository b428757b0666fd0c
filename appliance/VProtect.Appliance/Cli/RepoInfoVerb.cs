using System.CommandLine;
using VProtect.Mover.Store;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect repo info</c></summary>
internal static class RepoInfoVerb
{
    public static Verb New(CommonOptions common, Terminal terminal)
    {
        Argument<string?> place = CommonOptions.NewRepoArgument();
        Option<string?> reserve = Reserve.NewOption();
        return new Verb("info", "Tells what a repository is, what it holds, who writes to it, and how long its space lasts.") { place, reserve }
            .WithExamples(
                ("vprotect repo info /backup/repo", "for people"),
                ("vprotect repo info --json | jq .daysUntilFull", "for scripts, of VPROTECT_REPOSITORY"))
            .Doing(common, terminal, (invocation, cancellationToken) => RunAsync(
                invocation, invocation.Parsed.GetValue(place), Reserve.BytesOf(invocation, reserve), cancellationToken));
    }

    private static async Task<int> RunAsync(Invocation invocation, string? place, long? reserveBytes, CancellationToken cancellationToken)
    {
        await using Repository repository = await RepositoryOpening.OpenAsync(invocation, place, cancellationToken);
        RepositoryOverview overview = await RepositoryOverview.ReadAsync(repository, cancellationToken);
        var trend = SpaceTrend.Of([.. overview.Points, .. overview.Forgotten.Select(forgotten => forgotten.Point)]);
        if (invocation.IsJson)
        {
            JsonOutput.Write(invocation.Terminal, DocumentOf(repository, overview, reserveBytes, trend));
        }
        else
        {
            InfoText.Write(invocation.Terminal.Out, repository, overview, reserveBytes, trend);
        }

        return ExitCodes.Success;
    }

    private static InfoDocument DocumentOf(Repository repository, RepositoryOverview overview, long? reserveBytes, SpaceTrend? trend)
    {
        long? reserve = overview.Space is { } space ? Reserve.In(space, reserveBytes) : null;
        return new InfoDocument(
            repository.Name, repository.Id, repository.CreatedAt, repository.IsEncrypted, repository.ChunkBytes, repository.PackBytes,
            overview.Points.Select(point => point.Machine).Distinct(StringComparer.Ordinal).Count(), overview.Points.Count,
            overview.LogicalBytes, overview.Packs, overview.PackedBytes, RepositoryOverview.FormatVersion, overview.Features,
            overview.UniqueBytes, overview.CompressionRatio, overview.Forgotten.Count, overview.Holds.Count, overview.CondemnedPacks,
            overview.CondemnedBytes, overview.Generation, overview.Writers, overview.Keys.Count, repository.OpenedBySlot, overview.Space?.FreeBytes,
            overview.Space?.TotalBytes, reserve, trend?.BytesPerDay,
            overview.Space is { } known ? trend?.DaysUntilFull(known.FreeBytes - reserve!.Value) : null);
    }
}
