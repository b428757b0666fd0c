using System.CommandLine;
using VProtect.Abstractions;
using VProtect.Mover.Store;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect list</c></summary>
internal static class ListVerb
{
    public static Verb New(CommonOptions common, Terminal terminal)
    {
        Option<string?> repo = CommonOptions.NewRepo();
        var machine = new Option<string?>("--machine", "-m") { Description = "Only of this machine.", HelpName = "NAME" };
        return new Verb("list", "Lists restore points, by machine and in their order.") { repo, machine }
            .WithExamples(
                ("vprotect list --repo /backup/repo --machine web1", "of one machine"),
                ("vprotect list --json | jq -r '.restorePoints[-1].id'", "for scripts, of VPROTECT_REPOSITORY"))
            .Doing(common, terminal, (invocation, cancellationToken) => RunAsync(
                invocation, invocation.Parsed.GetValue(repo), invocation.Parsed.GetValue(machine), cancellationToken));
    }

    private static async Task<int> RunAsync(Invocation invocation, string? place, string? machine, CancellationToken cancellationToken)
    {
        await using Repository repository = await RepositoryOpening.OpenAsync(invocation, place, cancellationToken);
        IReadOnlyList<RestorePoint> all = await repository.ListPointsAsync(cancellationToken);
        List<RestorePoint> points = [.. all.Where(point => machine is null || point.Machine == machine)];
        if (machine is not null && points.Count == 0)
        {
            throw new VProtectException(
                ErrorCode.RestorePointNotFound, ErrorSide.Request, $"There is no restore point of machine '{machine}' in {repository.Name}.",
                all.Count == 0 ? "The repository is empty." : $"It has: {string.Join(", ", all.Select(point => point.Machine).Distinct(StringComparer.Ordinal).Take(10))}.");
        }

        if (invocation.IsJson)
        {
            JsonOutput.Write(invocation.Terminal, new ListDocument([.. points.Select(RestorePointDocument.Of)]));
        }
        else if (points.Count == 0)
        {
            invocation.Note("No restore points yet.");
        }
        else
        {
            Write(invocation.Terminal.Out, points);
        }

        return ExitCodes.Success;
    }

    private static void Write(TextWriter writer, IReadOnlyList<RestorePoint> points) => Listing.Write(
        writer,
        ["id", "machine", "time (UTC)", "disks", ">size", ">changed", ">stored", "label"],
        [
            .. points.Select(point => new[]
            {
                point.Id[..8],
                point.Machine,
                SizeText.Of(point.CreatedAt)[..16],
                string.Join(",", point.Disks.Select(disk => disk.Name)),
                SizeText.Of(point.Disks.Sum(disk => disk.SizeBytes)),
                SizeText.Of(point.Disks.Sum(disk => disk.ChangedBytes)),
                SizeText.Of(point.Disks.Sum(disk => disk.StoredBytes)),
                point.Label ?? "",
            }),
        ]);
}
