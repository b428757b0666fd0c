using System.CommandLine;
using VProtect.Abstractions;
using VProtect.Mover.Store;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect hold</c>, <c>release</c> and <c>unforget</c>: what keeps a restore point, and what takes it back.</summary>
internal static class HoldVerb
{
    public static Verb NewHold(CommonOptions common, Terminal terminal)
    {
        var reason = new Option<string?>("--reason") { Description = "Why; shown by 'list' and 'show'. Readable without the key.", HelpName = "TEXT" };
        return New(
            common, terminal, "hold",
            "Keeps restore points from being forgotten and collected until they are released. A forgotten one is wanted again.",
            [
                ("vprotect hold 1279aad5 --reason 'audit 2026' --repo /backup/repo", "nobody forgets it by mistake"),
                ("vprotect hold latest --machine web1 --repo /backup/repo", "the latest of a machine"),
            ],
            async (repository, point, invocation, cancellationToken) =>
            {
                await repository.HoldAsync(point, invocation.Parsed.GetValue(reason), cancellationToken);
                return "Holding";
            },
            async (repository, id, machine, cancellationToken) =>
            {
                try
                {
                    return await repository.FindPointAsync(id, machine, cancellationToken);
                }
                catch (VProtectException e) when (e.Code == ErrorCode.RestorePointNotFound && id != "latest")
                {
                    return await repository.FindForgottenAsync(id, machine, cancellationToken);
                }
            },
            reason);
    }

    public static Verb NewRelease(CommonOptions common, Terminal terminal) => New(
        common, terminal, "release", "Takes holds off: the restore points may be forgotten again.",
        [("vprotect release 1279aad5 --repo /backup/repo", "a held restore point of 'vprotect list'")],
        async (repository, point, _, cancellationToken) =>
        {
            await repository.ReleaseAsync(point, cancellationToken);
            return "Released";
        },
        (repository, id, machine, cancellationToken) => repository.FindPointAsync(id, machine, cancellationToken));

    public static Verb NewUnforget(CommonOptions common, Terminal terminal) => New(
        common, terminal, "unforget", "Takes forgotten restore points back. Possible until 'vprotect repo gc' has removed them.",
        [("vprotect unforget 1279aad5 --repo /backup/repo", "one that 'vprotect list --forgotten' shows")],
        async (repository, point, _, cancellationToken) =>
        {
            await repository.UnforgetAsync(point, cancellationToken);
            return "Took back";
        },
        (repository, id, machine, cancellationToken) => repository.FindForgottenAsync(id, machine, cancellationToken));

    private static Verb New(
        CommonOptions common, Terminal terminal, string name, string description, (string Line, string Meaning)[] examples,
        Func<Repository, RestorePoint, Invocation, CancellationToken, Task<string>> work,
        Func<Repository, string, string?, CancellationToken, Task<RestorePoint>> find, params Option[] more)
    {
        Argument<string[]> ids = RestorePoints.NewListArgument("ID");
        Option<string?> repo = CommonOptions.NewRepo();
        Option<string?> machine = RestorePoints.NewMachineOption();
        var verb = new Verb(name, description) { ids, repo, machine };
        foreach (Option option in more)
        {
            verb.Options.Add(option);
        }

        return verb.WithExamples(examples).Doing(common, terminal, async (invocation, cancellationToken) =>
        {
            await using Repository repository = await RepositoryOpening.OpenAsync(invocation, invocation.Parsed.GetValue(repo), cancellationToken);

            // All are found before the first is touched: a mistyped id changes nothing.
            var points = new Dictionary<string, RestorePoint>(StringComparer.Ordinal);
            foreach (string id in invocation.Parsed.GetRequiredValue(ids))
            {
                RestorePoint point = await find(repository, id, invocation.Parsed.GetValue(machine), cancellationToken);
                points[point.Id] = point;
            }

            foreach (RestorePoint point in points.Values)
            {
                string did = await work(repository, point, invocation, cancellationToken);
                if (!invocation.IsJson)
                {
                    invocation.Terminal.Out.WriteLine($"{did} {point.Id} of {point.Machine}, {SizeText.Of(point.CreatedAt)}.");
                }
            }

            if (invocation.IsJson)
            {
                JsonOutput.Write(invocation.Terminal, new HoldDocument([.. points.Keys]));
            }

            return ExitCodes.Success;
        });
    }
}
