using System.CommandLine;
using VProtect.Mover.Store;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect forget</c></summary>
internal static class ForgetVerb
{
    public static Verb New(CommonOptions common, Terminal terminal)
    {
        Argument<string[]> ids = new("ID")
        {
            Description = "Restore points: ids, the first 4 digits or more of them, or 'latest'.",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string?> repo = CommonOptions.NewRepo();
        Option<string?> machine = RestorePoints.NewMachineOption();
        return new Verb(
            "forget",
            "Takes restore points out of the repository. Others are never touched by it. Space comes free with 'vprotect repo gc'.")
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
        var points = new Dictionary<string, RestorePoint>(StringComparer.Ordinal);
        foreach (string id in ids)
        {
            RestorePoint point = await repository.FindPointAsync(id, machine, cancellationToken);
            points[point.Id] = point;
        }

        foreach (RestorePoint point in points.Values)
        {
            await repository.ForgetAsync(point, cancellationToken);
            if (!invocation.IsJson)
            {
                invocation.Terminal.Out.WriteLine($"Forgot {point.Id} of {point.Machine}, {SizeText.Of(point.CreatedAt)}.");
            }
        }

        if (invocation.IsJson)
        {
            JsonOutput.Write(invocation.Terminal, new ForgetDocument([.. points.Keys]));
        }

        return ExitCodes.Success;
    }
}
