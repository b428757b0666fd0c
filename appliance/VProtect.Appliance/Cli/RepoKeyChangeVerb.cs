using System.CommandLine;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Store;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect repo key change</c></summary>
internal static class RepoKeyChangeVerb
{
    public static Verb New(CommonOptions common, Terminal terminal)
    {
        Argument<string?> place = CommonOptions.NewRepoArgument();
        Option<string?> newKeyFile = RepoKeyVerb.NewKeyFile();
        Option<string?> label = RepoKeyVerb.NewLabel();
        return new Verb(
            "change",
            "Replaces the pass phrase or key file that you open the repository with. The new one is there before the old one goes; other keys stay.")
        {
            place, newKeyFile, label,
        }
        .WithExamples(
            ("vprotect repo key change /backup/repo", "asks for the old pass phrase once, for the new one twice"),
            ("vprotect repo key change /backup/repo --key-file old.key --new-key-file new.key", "from file to file"))
        .Doing(common, terminal, async (invocation, cancellationToken) =>
        {
            (Repository repository, Secret? secret) =
                await RepositoryOpening.OpenWithSecretAsync(invocation, invocation.Parsed.GetValue(place), cancellationToken);
            await using (repository)
            {
                Secret replacement = Secrets.New(invocation, invocation.Parsed.GetValue(newKeyFile));
                (string added, string removed) =
                    await repository.ChangeKeyAsync(secret, replacement, invocation.Parsed.GetValue(label), cancellationToken);
                return RepoKeyVerb.Answer(
                    invocation, new KeyDocument(added, null, null, removed),
                    $"Changed: key {added[..8]} opens the repository, key {removed[..8]} no longer does.");
            }
        });
    }
}
