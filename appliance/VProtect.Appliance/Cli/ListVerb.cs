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
        var forgotten = new Option<bool>("--forgotten") { Description = "Those that are forgotten and not collected yet: 'vprotect unforget' takes them back." };
        return new Verb("list", "Lists restore points, by machine and in their order.") { repo, machine, forgotten }
            .WithExamples(
                ("vprotect list --repo /backup/repo --machine web1", "of one machine"),
                ("vprotect list --forgotten --repo /backup/repo", "what can still be taken back"),
                ("vprotect list --json | jq -r '.restorePoints[-1].id'", "for scripts, of VPROTECT_REPOSITORY"))
            .Doing(common, terminal, (invocation, cancellationToken) => RunAsync(
                invocation, invocation.Parsed.GetValue(repo), invocation.Parsed.GetValue(machine), invocation.Parsed.GetValue(forgotten), cancellationToken));
    }

    private static async Task<int> RunAsync(Invocation invocation, string? place, string? machine, bool forgotten, CancellationToken cancellationToken)
    {
        await using Repository repository = await RepositoryOpening.OpenAsync(invocation, place, cancellationToken);
        Dictionary<string, DateTimeOffset?> forgottenAt = [];
        IReadOnlyList<RestorePoint> all;
        int exitCode = ExitCodes.Success;
        if (forgotten)
        {
            IReadOnlyList<ForgottenPoint> found = await repository.ListForgottenAsync(cancellationToken);
            all = [.. found.Select(item => item.Point)];
            forgottenAt = found.ToDictionary(item => item.Point.Id, item => item.ForgottenAt, StringComparer.Ordinal);
        }
        else
        {
            PointListing listing = await repository.ReadPointsAsync(cancellationToken);
            all = listing.Points;
            foreach ((string id, IntegrityException damage) in listing.Damaged)
            {
                invocation.Warn($"{damage.Message} Bring the object back from a copy, or 'vprotect forget {id[..8]}'.");
                exitCode = ExitCodes.DataDamaged;
            }
        }

        IReadOnlyDictionary<string, PointHold> holds = await repository.ListHoldsAsync(cancellationToken);
        List<RestorePoint> points = [.. all.Where(point => machine is null || point.Machine == machine)];
        if (machine is not null && points.Count == 0)
        {
            throw new VProtectException(
                ErrorCode.RestorePointNotFound, ErrorSide.Request, $"There is no {(forgotten ? "forgotten " : "")}restore point of machine '{machine}' in {repository.Name}.",
                all.Count == 0 ? forgotten ? "None is forgotten." : "The repository is empty." : $"It has: {string.Join(", ", all.Select(point => point.Machine).Distinct(StringComparer.Ordinal).Take(10))}.");
        }

        if (invocation.IsJson)
        {
            JsonOutput.Write(invocation.Terminal, new ListDocument([.. points.Select(point =>
                RestorePointDocument.Of(point, holds.GetValueOrDefault(point.Id), forgottenAt.GetValueOrDefault(point.Id)))]));
        }
        else if (points.Count == 0)
        {
            invocation.Note(forgotten ? "No restore point is forgotten." : "No restore points yet.");
        }
        else
        {
            Write(invocation.Terminal.Out, points, holds);
        }

        return exitCode;
    }

    private static void Write(TextWriter writer, IReadOnlyList<RestorePoint> points, IReadOnlyDictionary<string, PointHold> holds) => Listing.Write(
        writer,
        ["id", "machine", "time (UTC)", "disks", ">size", ">changed", ">stored", "label"],
        [
            .. points.Select(point => new[]
            {
                point.Id[..8],
                point.Machine,
                SizeText.Of(point.CreatedAt)[..16],
                string.Join(",", point.MachineDisks.Select(disk => disk.Name)),
                SizeText.Of(point.MachineDisks.Sum(disk => disk.SizeBytes)),
                SizeText.Of(point.MachineDisks.Sum(disk => disk.ChangedBytes)),
                SizeText.Of(point.MachineDisks.Sum(disk => disk.StoredBytes)),
                string.Join("; ", new[] { point.Label, HoldOf(holds.GetValueOrDefault(point.Id)) }.Where(text => text is not null)),
            }),
        ]);

    private static string? HoldOf(PointHold? hold) => hold is null ? null : hold.Reason is null ? "held" : $"held: {hold.Reason}";
}
