using System.CommandLine;
using VProtect.Abstractions;
using VProtect.Mover.Store;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect repo info</c></summary>
internal static class RepoInfoVerb
{
    public static Verb New(CommonOptions common, Terminal terminal)
    {
        Argument<string?> place = CommonOptions.NewRepoArgument();
        return new Verb("info", "Tells what a repository is and how much it holds.") { place }
            .WithExamples(
                ("vprotect repo info /backup/repo", "for people"),
                ("vprotect repo info --json | jq .packedBytes", "for scripts, of VPROTECT_REPOSITORY"))
            .Doing(common, terminal, (invocation, cancellationToken) => RunAsync(invocation, invocation.Parsed.GetValue(place), cancellationToken));
    }

    private static async Task<int> RunAsync(Invocation invocation, string? place, CancellationToken cancellationToken)
    {
        await using Repository repository = await RepositoryOpening.OpenAsync(invocation, place, cancellationToken);
        IReadOnlyList<RestorePoint> points = await repository.ListPointsAsync(cancellationToken);
        long packs = 0;
        long packedBytes = 0;
        await foreach (ObjectInfo pack in repository.Store.ListAsync("packs/", cancellationToken))
        {
            packs++;
            packedBytes += pack.SizeBytes;
        }

        int machines = points.Select(point => point.Machine).Distinct(StringComparer.Ordinal).Count();
        long sizeBytes = points.Sum(point => point.Disks.Sum(disk => disk.SizeBytes));
        if (invocation.IsJson)
        {
            JsonOutput.Write(
                invocation.Terminal,
                new InfoDocument(
                    repository.Name, repository.Id, repository.CreatedAt, repository.IsEncrypted, repository.ChunkBytes, repository.PackBytes,
                    machines, points.Count, sizeBytes, packs, packedBytes));
            return ExitCodes.Success;
        }

        Listing.Write(invocation.Terminal.Out,
        [
            ("repository", repository.Name),
            ("id", repository.Id),
            ("made", SizeText.OfTime(repository.CreatedAt)),
            ("encryption", repository.IsEncrypted ? "AES-256-GCM" : "none"),
            ("chunks", SizeText.Of(repository.ChunkBytes)),
            ("packs", $"{packs}, {SizeText.Of(packedBytes)} in all"),
            ("machines", $"{machines}"),
            ("restore points", $"{points.Count}, of disks of {SizeText.Of(sizeBytes)} in all ({SizeText.Ratio(sizeBytes, packedBytes)})"),
        ]);
        return ExitCodes.Success;
    }
}
