using System.CommandLine;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Store;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect repo key …</c>: what opens a repository.</summary>
internal static class RepoKeyVerb
{
    public static Verb New(CommonOptions common, Terminal terminal) => new("key", "What opens a repository: pass phrases, key files, recovery keys.")
    {
        NewList(common, terminal),
        NewAdd(common, terminal),
        RepoKeyChangeVerb.New(common, terminal),
        NewRecovery(common, terminal),
        NewRemove(common, terminal),
        NewRotate(common, terminal),
    };

    private static Verb NewList(CommonOptions common, Terminal terminal)
    {
        Argument<string?> place = CommonOptions.NewRepoArgument();
        return new Verb("list", "Lists the keys that open a repository; none of them is shown.") { place }
            .WithExamples(("vprotect repo key list /backup/repo", "which keys are there?"))
            .Doing(common, terminal, async (invocation, cancellationToken) =>
            {
                await using Repository repository = await RepositoryOpening.OpenAsync(invocation, invocation.Parsed.GetValue(place), cancellationToken);
                IReadOnlyList<KeySlotInfo> keys = await repository.ListKeysAsync(cancellationToken);
                if (invocation.IsJson)
                {
                    JsonOutput.Write(invocation.Terminal, new KeyListDocument(keys));
                }
                else if (keys.Count == 0)
                {
                    invocation.Note("The repository is not encrypted: it has no keys.");
                }
                else
                {
                    Listing.Write(
                        invocation.Terminal.Out,
                        ["id", "kind", "added (UTC)", "", "label"],
                        [.. keys.Select(key => new[] { key.Id[..8], key.Kind, SizeText.OfTime(key.CreatedAt), key.OpenedThis ? "opened this" : "", key.Label ?? "" })]);
                }

                return ExitCodes.Success;
            });
    }

    private static Verb NewAdd(CommonOptions common, Terminal terminal)
    {
        Argument<string?> place = CommonOptions.NewRepoArgument();
        Option<string?> newKeyFile = NewKeyFile();
        Option<string?> label = NewLabel();
        return new Verb("add", "Adds a pass phrase or key file that opens the repository too.") { place, newKeyFile, label }
            .WithExamples(
                ("vprotect repo key add /backup/repo --label second-admin", "asks for the new pass phrase, twice"),
                ("vprotect repo key add /backup/repo --new-key-file /root/repo.key", "a file opens it too"))
            .Doing(common, terminal, (invocation, cancellationToken) => AddAsync(
                invocation, invocation.Parsed.GetValue(place), () => Secrets.New(invocation, invocation.Parsed.GetValue(newKeyFile)),
                recoveryText: null, invocation.Parsed.GetValue(label), cancellationToken));
    }

    private static Verb NewRecovery(CommonOptions common, Terminal terminal)
    {
        Argument<string?> place = CommonOptions.NewRepoArgument();
        Option<string?> label = NewLabel();
        return new Verb("recovery", "Makes another recovery key and shows it once. Earlier ones stay valid until removed.") { place, label }
            .WithExamples(("vprotect repo key recovery /backup/repo", "the first one was lost: make another, then remove the old"))
            .Doing(common, terminal, (invocation, cancellationToken) =>
            {
                (Secret secret, string text) = Secret.NewRecoveryKey();
                return AddAsync(
                    invocation, invocation.Parsed.GetValue(place), () => secret, text, invocation.Parsed.GetValue(label), cancellationToken);
            });
    }

    private static Verb NewRemove(CommonOptions common, Terminal terminal)
    {
        var id = new Argument<string>("KEY") { Description = "The key's id of 'vprotect repo key list', or the first 4 digits or more of it." };
        Option<string?> repo = CommonOptions.NewRepo();
        return new Verb("remove", "Removes a key: it no longer opens the repository. The last one stays.") { id, repo }
            .WithExamples(("vprotect repo key remove 3fa29c1e --repo /backup/repo", "by the id that 'key list' shows"))
            .Doing(common, terminal, async (invocation, cancellationToken) =>
            {
                string wanted = invocation.Parsed.GetRequiredValue(id);
                await using Repository repository = await RepositoryOpening.OpenAsync(invocation, invocation.Parsed.GetValue(repo), cancellationToken);
                KeySlotInfo removed = await repository.RemoveKeyAsync(wanted, cancellationToken);
                if (removed.OpenedThis)
                {
                    invocation.Note("That was the key you opened the repository with: from now on use another.");
                }

                return Answer(invocation, new KeyDocument(removed.Id, null, null, null), $"Removed key {removed.Id[..8]}.");
            });
    }

    private static Verb NewRotate(CommonOptions common, Terminal terminal)
    {
        Argument<string?> place = CommonOptions.NewRepoArgument();
        return new Verb("rotate", "Seals everything written from now on with a new data key. Nothing is rewritten; pass phrases stay.") { place }
            .WithExamples(("vprotect repo key rotate /backup/repo", "a new data key, once a year for instance"))
            .Doing(common, terminal, async (invocation, cancellationToken) =>
            {
                (Repository repository, Secret? secret) =
                    await RepositoryOpening.OpenWithSecretAsync(invocation, invocation.Parsed.GetValue(place), cancellationToken);
                await using (repository)
                {
                    uint epoch = await repository.RotateDataKeyAsync(secret, cancellationToken);
                    return Answer(invocation, new KeyDocument(null, epoch, null, null), $"Data key {epoch} seals what is written from now on.");
                }
            });
    }

    private static async Task<int> AddAsync(
        Invocation invocation, string? place, Func<Secret> added, string? recoveryText, string? label, CancellationToken cancellationToken)
    {
        (Repository repository, Secret? secret) = await RepositoryOpening.OpenWithSecretAsync(invocation, place, cancellationToken);
        await using (repository)
        {
            Secret secretToAdd = added();
            if (recoveryText is not null && !invocation.IsJson)
            {
                // Shown and confirmed before it counts: a key that nobody wrote down opens nothing and reassures wrongly.
                RecoveryKeyText.Write(invocation.Terminal.Out, recoveryText);
                RecoveryKeyText.Confirm(invocation.Terminal, recoveryText);
            }

            string id = await repository.AddKeyAsync(secret, secretToAdd, label, cancellationToken);
            return Answer(invocation, new KeyDocument(id, null, recoveryText, null), $"Added key {id[..8]}.");
        }
    }

    internal static int Answer(Invocation invocation, KeyDocument document, string sentence)
    {
        if (invocation.IsJson)
        {
            JsonOutput.Write(invocation.Terminal, document);
        }
        else
        {
            invocation.Terminal.Out.WriteLine(sentence);
        }

        return ExitCodes.Success;
    }

    internal static Option<string?> NewKeyFile() => new("--new-key-file")
    {
        Description = "File that holds the new pass phrase or key. Otherwise VPROTECT_NEW_PASSPHRASE, otherwise you are asked.",
        HelpName = "FILE",
    };

    internal static Option<string?> NewLabel() => new("--label") { Description = "A remark to tell the key by.", HelpName = "TEXT" };
}
