using System.CommandLine;
using VProtect.Mover.Store;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect forget</c></summary>
internal static class ForgetVerb
{
    public static Verb New(CommonOptions common, Terminal terminal)
    {
        Argument<string[]> ids = RestorePoints.NewListArgument("ID");
        Option<string?> repo = CommonOptions.NewRepo();
        Option<string?> machine = RestorePoints.NewMachineOption();
        return new Verb(
            "forget",
            "Takes restore points out of the repository. Others are never touched by it. Space comes free with 'vprotect repo gc'; until then 'vprotect unforget' takes them back.")
        {
            ids, repo, machine,
        }
        .WithExamples(
            ("vprotect forget 1279aad5 fce6e2bb --repo /backup/repo", "two restore points of 'vprotect list'"),
            ("vprotect forget 1279aad5 --repo /backup/repo && vprotect repo gc /backup/repo", "and free their space"))
        .Doing(common, terminal, (invocation, cancellationToken) => RunAsync(
            invocation, invocation.Parsed.GetValue(repo), invocation.Parsed.GetRequiredValue(ids), invocation.Parsed.GetValue(machine), cancellationToken));
    }

    private static async Task<int> RunAsync(Invocation invocation, string? place, string[] ids, string? machine, CancellationToken cancellationToken)
    {
        await using Repository repository = await RepositoryOpening.OpenAsync(invocation, place, cancellationToken);

        // All are found before the first is forgotten: a mistyped id changes nothing.
        PointListing listing = await repository.ReadPointsAsync(cancellationToken);
        var points = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string id in ids)
        {
            if (machine is null && listing.FindDamaged(id) is { } damaged)
            {
                points[damaged] = "damaged";
                continue;
            }

            RestorePoint point = await repository.FindPointAsync(id, machine, cancellationToken);
            points[point.Id] = $"{point.Machine}, {SizeText.Of(point.CreatedAt)}";
        }

        foreach ((string id, string what) in points)
        {
            await repository.ForgetAsync(id, cancellationToken);
            if (!invocation.IsJson)
            {
                invocation.Terminal.Out.WriteLine(what == "damaged" ? $"Forgot {id}, which is damaged." : $"Forgot {id} of {what}.");
            }
        }

        if (invocation.IsJson)
        {
            JsonOutput.Write(invocation.Terminal, new ForgetDocument([.. points.Keys]));
        }

        return ExitCodes.Success;
    }
}
