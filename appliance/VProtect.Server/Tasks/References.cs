using System.Text;
using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Rebuild;

namespace VProtect.Server.Tasks;

/// <summary>Makes what nodes need to reach platforms and repositories out of the catalog's rows; this is where secrets are unsealed for them.</summary>
internal sealed class References(SecretBox box)
{
    /// <summary>What <see cref="UnfitForBucket"/> asks for.</summary>
    public const string BucketKeyRule = "Name a credential of the kind PASSWORD whose login is the id of the access key and whose secret is the secret access key.";

    /// <summary>Purpose by which the secret of a credential is sealed.</summary>
    public static string PurposeOfCredential(Guid credential) => $"credentials:{credential:D}";

    /// <summary>Purpose by which the pass phrase of a destination is sealed.</summary>
    public static string PurposeOfDestination(Guid destination) => $"destinations:{destination:D}";

    /// <summary>Why a credential cannot be the key of a bucket; null when it can.</summary>
    public static string? UnfitForBucket(Credential credential) =>
        credential.Kind != CredentialKind.Password ? $"It is of the kind {ApiName.Of(credential.Kind)}."
        : string.IsNullOrEmpty(credential.Login) ? "It has no login."
        : null;

    /// <summary>The platform behind a manager, or behind a host without one.</summary>
    /// <param name="session">Where it is read.</param>
    /// <param name="source">Guid of the manager or host.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="VProtectException">
    /// <see cref="ErrorCode.TaskImpossible"/>: there is no such platform; <see cref="ErrorCode.SecretUnreadable"/>.
    /// </exception>
    public async Task<PlatformReference> PlatformAsync(CatalogSession session, Guid source, CancellationToken cancellationToken)
    {
        if (await session.HypervisorManagers.FindAsync(source, cancellationToken) is { } manager)
        {
            return await PlatformAsync(session, manager, cancellationToken);
        }

        return await session.Hypervisors.FindAsync(source, cancellationToken) is { } host
            ? await PlatformAsync(session, host, cancellationToken)
            : throw Missing($"The platform connection {source} does not exist any more.", "Add it again, or ask for the work again where the machine runs now.");
    }

    /// <summary>The platform behind a manager; the row need not be stored yet.</summary>
    public async Task<PlatformReference> PlatformAsync(CatalogSession session, HypervisorManager manager, CancellationToken cancellationToken)
    {
        (string login, string? secret) = await CredentialAsync(session, manager.CredentialGuid, cancellationToken);
        return new PlatformReference(Text(manager.Guid), manager.Platform, manager.Url, login, secret, Settings(manager.Settings));
    }

    /// <summary>The platform that a lone host is, or the one of its manager; the row need not be stored yet.</summary>
    public async Task<PlatformReference> PlatformAsync(CatalogSession session, Hypervisor host, CancellationToken cancellationToken)
    {
        if (host.HypervisorManagerGuid is { } manager)
        {
            return await PlatformAsync(session, manager, cancellationToken);
        }

        (string login, string? secret) = await CredentialAsync(session, host.CredentialGuid, cancellationToken);
        Dictionary<string, string> settings = Settings(host.Settings);
        if (host.SshKeyPath is { Length: > 0 } key)
        {
            settings["sshKeyPath"] = key;
        }

        if (host.TransferAddress is { Length: > 0 } address)
        {
            settings["transferAddress"] = address;
        }

        return new PlatformReference(Text(host.Guid), host.Platform, host.Host, login, secret, settings);
    }

    /// <summary>How commands get into a machine over SSH; null when it has no SSH address.</summary>
    public async Task<GuestShell?> ShellAsync(CatalogSession session, Machine machine, CancellationToken cancellationToken)
    {
        if (machine.SshHost is not { Length: > 0 } host)
        {
            return null;
        }

        (string login, string? secret) = await CredentialAsync(session, machine.SshCredentialGuid, cancellationToken);
        string user = machine.SshUser is { Length: > 0 } given ? given : login.Length > 0 ? login : "root";
        return new GuestShell(host, machine.SshPort ?? 22, user, machine.SshKeyPath, secret);
    }

    /// <summary>What CHAP takes of a credential; null for none.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.TaskImpossible"/>: there is no such credential, or it does not fit; <see cref="ErrorCode.SecretUnreadable"/>.</exception>
    public async Task<IscsiAccount?> AccountAsync(CatalogSession session, Guid? credential, CancellationToken cancellationToken)
    {
        if (credential is null)
        {
            return null;
        }

        (string user, string? secret) = await CredentialAsync(session, credential, cancellationToken);
        var account = new IscsiAccount(user, secret ?? "");
        return secret is null ? throw Missing($"The credential {credential} does not exist any more.", "Mount again with another one.")
            : account.IsUsable ? account
            : throw Missing("The credential does not fit CHAP.", IscsiAccount.Rule);
    }

    /// <summary>The repository of a destination.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.TaskImpossible"/>: there is no such destination; <see cref="ErrorCode.SecretUnreadable"/>.</exception>
    public async Task<RepositoryReference> RepositoryAsync(CatalogSession session, Guid? destination, CancellationToken cancellationToken) =>
        destination is { } guid && await session.Destinations.FindAsync(guid, cancellationToken) is { } found
            ? await RepositoryAsync(session, found, cancellationToken)
            : throw Missing("The backup destination does not exist any more.", "Choose another destination.");

    /// <summary>The repository of a destination; the row need not be stored yet.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.TaskImpossible"/>: its credential does not fit; <see cref="ErrorCode.SecretUnreadable"/>.</exception>
    public async Task<RepositoryReference> RepositoryAsync(CatalogSession session, Destination destination, CancellationToken cancellationToken)
    {
        string location = Settings(destination.Settings).GetValueOrDefault("path")
            ?? throw Missing($"The backup destination {destination.Name} has no path.", "Set 'path' in its settings.");
        string? secret = destination.SealedKey is { } seal ? Encoding.UTF8.GetString(box.Unseal(seal, PurposeOfDestination(destination.Guid))) : null;
        BucketKey? key = await KeyAsync(session, destination, cancellationToken);
        return new RepositoryReference(Text(destination.Guid), location, secret, destination.ReserveBytes > 0 ? destination.ReserveBytes : null, key)
        {
            Appliance = await ApplianceIdentities.FindAsync(session, cancellationToken),
        };
    }

    /// <summary>Settings as connectors take them: what is no text is handed on as it is written.</summary>
    private static Dictionary<string, string> Settings(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.EnumerateObject()
            .Where(member => member.Value.ValueKind != JsonValueKind.Null)
            .ToDictionary(member => member.Name, member => member.Value.ToString(), StringComparer.Ordinal);
    }

    private async Task<BucketKey?> KeyAsync(CatalogSession session, Destination destination, CancellationToken cancellationToken)
    {
        if (destination.CredentialGuid is not { } guid)
        {
            return null;
        }

        Credential? credential = await session.Credentials.FindAsync(guid, cancellationToken);
        string? unfit = credential is null ? "It does not exist any more." : UnfitForBucket(credential);
        return unfit is null
            ? new BucketKey(credential!.Login!, Unsealed(credential))
            : throw Missing($"The credential of the backup destination {destination.Name} cannot be used: {unfit}", BucketKeyRule);
    }

    private async Task<(string Login, string? Secret)> CredentialAsync(CatalogSession session, Guid? guid, CancellationToken cancellationToken)
    {
        if (guid is null || await session.Credentials.FindAsync(guid.Value, cancellationToken) is not { } credential)
        {
            return ("", null);
        }

        return (credential.Login ?? "", Unsealed(credential));
    }

    private string Unsealed(Credential credential) => Encoding.UTF8.GetString(box.Unseal(credential.Sealed, PurposeOfCredential(credential.Guid)));

    private static string Text(Guid guid) => guid.ToString("D");

    private static VProtectException Missing(string message, string guidance) => new(ErrorCode.TaskImpossible, ErrorSide.Catalog, message, guidance);
}
