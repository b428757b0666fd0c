using System.CommandLine;
using VProtect.Abstractions;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect repo init</c></summary>
internal static class RepoInitVerb
{
    public static Verb New(CommonOptions common, Terminal terminal)
    {
        Argument<string?> place = CommonOptions.NewRepoArgument();
        var noEncryption = new Option<bool>("--no-encryption") { Description = "Store in clear: whoever reads the repository reads the disks." };
        var chunkSize = new Option<string?>("--chunk-size") { Description = "Bytes that are compared and stored as one, 16K to 1M. Default 64K. Never changes later.", HelpName = "SIZE" };
        var packSize = new Option<string?>("--pack-size") { Description = "Size of the repository's files, 4M to 1G. Default 64M. Never changes later.", HelpName = "SIZE" };
        var recoveryKey = new Option<bool>("--recovery-key") { Description = "Make a recovery key and show it once. The default." };
        var noRecoveryKey = new Option<bool>("--no-recovery-key") { Description = "Make none: without the pass phrase all is lost." };
        return new Verb(
            "init",
            "Makes a repository in an empty or new directory. It is encrypted unless you say otherwise; the recovery key it shows once opens it when the pass phrase is lost.")
        {
            place, noEncryption, chunkSize, packSize, recoveryKey, noRecoveryKey,
        }
        .WithExamples(
            ("vprotect repo init /backup/repo", "asks for a pass phrase, shows a recovery key"),
            ("vprotect repo init file:///backup/repo --key-file /root/repo.key", "opened by a file"),
            ("vprotect repo init /backup/repo --no-encryption", "for a destination that encrypts by itself"))
        .Doing(common, terminal, async (invocation, cancellationToken) =>
        {
            ParseResult parsed = invocation.Parsed;
            bool encrypts = !parsed.GetValue(noEncryption);
            if (parsed.GetValue(recoveryKey) && (parsed.GetValue(noRecoveryKey) || !encrypts))
            {
                throw Invocation.BadArgument("--recovery-key contradicts another option.", "Leave one of them out.");
            }

            var options = new RepositoryOptions { Encrypt = encrypts };
            options = options with
            {
                ChunkBytes = (int)SizeOf(parsed, chunkSize, options.ChunkBytes),
                PackBytes = SizeOf(parsed, packSize, options.PackBytes),
            };
            return await RunAsync(
                invocation, parsed.GetValue(place), options, withRecoveryKey: encrypts && !parsed.GetValue(noRecoveryKey), cancellationToken);
        });
    }

    private static async Task<int> RunAsync(
        Invocation invocation, string? typedPlace, RepositoryOptions options, bool withRecoveryKey, CancellationToken cancellationToken)
    {
        string place = invocation.RepositoryPlace(typedPlace);
        List<Secret> secrets = [];
        string? recoveryText = null;
        if (options.Encrypt)
        {
            secrets.Add(Secrets.ForNewRepository(invocation));
            if (withRecoveryKey)
            {
                (Secret recovery, recoveryText) = Secret.NewRecoveryKey();
                secrets.Add(recovery);
            }
        }

        await using IObjectStore store = RepositoryStores.Open(place, create: true);
        string id = await Repository.InitAsync(store, options, secrets, TimeProvider.System, cancellationToken);
        if (invocation.IsJson)
        {
            JsonOutput.Write(
                invocation.Terminal,
                new InitDocument(store.Name, id, options.Encrypt, options.ChunkBytes, options.PackBytes, recoveryText));
            return ExitCodes.Success;
        }

        TextWriter writer = invocation.Terminal.Out;
        writer.WriteLine($"Made repository {id}");
        writer.WriteLine($"  at {store.Name}");
        writer.WriteLine($"  {(options.Encrypt ? "encrypted with AES-256-GCM" : "NOT encrypted")}, chunks of {SizeText.Of(options.ChunkBytes)}, packs of {SizeText.Of(options.PackBytes)}");
        if (recoveryText is not null)
        {
            RecoveryKeyText.Write(writer, recoveryText);
        }

        return ExitCodes.Success;
    }

    private static long SizeOf(ParseResult parsed, Option<string?> option, long otherwise) =>
        parsed.GetValue(option) is not { } text ? otherwise
        : SizeText.TryParse(text, out long bytes) && bytes <= 1L << 40 && (option.Name != "--chunk-size" || bytes <= int.MaxValue) ? bytes
        : throw Invocation.BadArgument($"'{text}' is not a size.", $"Write {option.Name} as a number of bytes or with K, M, G: 65536, 64K, 64M.");
}
