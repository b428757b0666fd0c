using System.CommandLine;
using VProtect.Mover.Store;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect show</c></summary>
internal static class ShowVerb
{
    public static Verb New(CommonOptions common, Terminal terminal)
    {
        Argument<string> id = RestorePoints.NewArgument("ID");
        Option<string?> repo = CommonOptions.NewRepo();
        Option<string?> machine = RestorePoints.NewMachineOption();
        return new Verb("show", "Shows all that is known of one restore point and its disks.") { id, repo, machine }
            .WithExamples(
                ("vprotect show 1279aad5 --repo /backup/repo", "a restore point of 'vprotect list'"),
                ("vprotect show latest --machine web1 --repo /backup/repo", "the latest of a machine"))
            .Doing(common, terminal, async (invocation, cancellationToken) =>
            {
                ParseResult parsed = invocation.Parsed;
                await using Repository repository = await RepositoryOpening.OpenAsync(invocation, parsed.GetValue(repo), cancellationToken);
                RestorePoint point = await repository.FindPointAsync(parsed.GetRequiredValue(id), parsed.GetValue(machine), cancellationToken);
                PointHold? hold = (await repository.ListHoldsAsync(cancellationToken)).GetValueOrDefault(point.Id);
                if (invocation.IsJson)
                {
                    JsonOutput.Write(invocation.Terminal, RestorePointDocument.Of(point, hold, forgottenAt: null));
                }
                else
                {
                    Write(invocation.Terminal.Out, point, hold);
                }

                return ExitCodes.Success;
            });
    }

    private static void Write(TextWriter writer, RestorePoint point, PointHold? hold)
    {
        List<(string Name, string Value)> pairs =
        [
            ("restore point", point.Id),
            ("machine", $"{point.Machine}, number {point.Sequence}"),
            ("made", $"{SizeText.Of(point.CreatedAt)} in {SizeText.Of(point.Duration)}"),
            ("compared with", point.Parent ?? "none: it was the first"),
        ];
        if (point.Label is not null)
        {
            pairs.Add(("label", point.Label));
        }

        if (point.DocumentDisk is { } documents)
        {
            pairs.Add(("documents", $"{SizeText.Of(documents.SizeBytes)}: restore --disk {documents.Name} --to FILE.tar"));
        }

        if (hold is not null)
        {
            pairs.Add(("held", $"{(hold.At is { } at ? $"since {SizeText.Of(at)}" : "yes")}{(hold.Reason is null ? "" : $": {hold.Reason}")}"));
        }

        Listing.Write(writer, pairs);
        writer.WriteLine();
        Listing.Write(
            writer,
            ["disk", "mode", ">size", ">read", ">changed", ">new", ">stored"],
            [
                .. point.MachineDisks.Select(disk => new[]
                {
                    disk.Name, ModeText.Of(disk.Mode), SizeText.Of(disk.SizeBytes), SizeText.Of(disk.ReadBytes),
                    SizeText.Of(disk.ChangedBytes), SizeText.Of(disk.NewBytes), SizeText.Of(disk.StoredBytes),
                }),
            ]);
        foreach (RestorePointDisk disk in point.MachineDisks.Where(disk => disk.Reason is not null))
        {
            writer.WriteLine($"{disk.Name} was read whole: {disk.Reason}.");
        }
    }
}
