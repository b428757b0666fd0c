using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;
using VProtect.Server.Access;
using VProtect.Server.Api.Credentials;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Hypervisors;

/// <summary>What hosts and managers have in common when they are written.</summary>
internal static class PlatformFields
{
    private const int SettingsLengthMax = 100_000;

    /// <summary>The platform: an open set of upper-case names.</summary>
    public static string Platform(string? before, NamedValue? sent)
    {
        string platform = InvalidFieldException.RequireText("type", sent?.Name ?? before, lengthMax: 50).ToUpperInvariant();
        return platform.All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c) || c == '_')
            ? platform
            : throw new InvalidFieldException("type", "It is no name of a platform.", "Send one such as KVM or OVIRT.");
    }

    /// <summary>An address; one with a password in it is refused, for it would be stored and shown as it is.</summary>
    public static string Address(string field, string? before, string? sent)
    {
        string address = TextField.Name(field, before, sent);
        return Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) && uri.UserInfo.Contains(':', StringComparison.Ordinal)
            ? throw new InvalidFieldException(field, "It holds a password.", "Send the password in the field 'password'.")
            : address;
    }

    public static string Settings(string before, IReadOnlyDictionary<string, JsonElement>? sent)
    {
        string settings = sent is null ? before : JsonSerializer.Serialize(sent);
        return settings.Length <= SettingsLengthMax
            ? settings
            : throw new InvalidFieldException("settings", "They are too large.", $"Send at most {SettingsLengthMax} characters.");
    }

    public static Dictionary<string, JsonElement> Settings(string stored) => JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(stored)!;

    /// <summary>The settings of the nodes that may talk to it.</summary>
    public static async Task<Guid?> NodeConfigAsync(
        CatalogSession session, Guid? before, NameAndGuid? node, NameAndGuid? nodeConfig, CancellationToken cancellationToken)
    {
        if (await Reference.FindAsync(session.NodeConfigs, nodeConfig, "nodeConfig", cancellationToken) is { } config)
        {
            return config.Guid;
        }

        return await Reference.FindAsync(session.Nodes, node, "node", cancellationToken) is { } found ? found.NodeConfigGuid : before;
    }

    /// <summary>The credential: the one that is named, or one of its own for user and password.</summary>
    /// <param name="transaction">Of the change.</param>
    /// <param name="owner">Host or manager.</param>
    /// <param name="label">What it is called in the list of credentials.</param>
    /// <param name="before">Its credential now.</param>
    /// <param name="sent">What was sent: a credential, a user, a password.</param>
    /// <param name="context">Of the request.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<Guid?> CredentialAsync(
        CatalogTransaction transaction, Guid owner, string label, Guid? before, (NameAndGuid? Credential, string? User, string? Password) sent, HttpContext context,
        CancellationToken cancellationToken)
    {
        if (await Reference.FindAsync(transaction.Credentials, sent.Credential, "credential", cancellationToken) is { } credential)
        {
            // What a client has read and sends back names its own credential; a user or password with it is about that one.
            bool isOther = credential.Guid != owner;
            return isOther && !string.IsNullOrEmpty(sent.Password)
                ? throw new InvalidFieldException("password", "A credential is named as well.", "Send either a credential, or user and password.")
                : isOther ? credential.Guid : await OwnAsync();
        }

        return string.IsNullOrEmpty(sent.Password) && string.IsNullOrEmpty(sent.User) ? before : await OwnAsync();

        Task<Guid?> OwnAsync() => SealedCredential.OwnAsync(
            transaction, owner, label, sent.User, sent.Password, context.RequestServices.GetRequiredService<SecretBox>(),
            context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow(), cancellationToken);
    }

    /// <summary>The platform that a backup came from, and to whose end points it can be restored.</summary>
    public static async Task<string?> PlatformOfAsync(CatalogSession session, Guid? backup, CancellationToken cancellationToken)
    {
        if (backup is not { } guid)
        {
            return null;
        }

        RestorePoint point = await session.RestorePoints.FindAsync(guid, cancellationToken)
            ?? throw new InvalidFieldException("backup-to-be-restored", $"There is no backup {guid}.", "Send the guid of one that exists.");
        return (await session.Machines.GetAsync(point.MachineGuid, cancellationToken)).Platform;
    }

    /// <summary>Refuses to delete what a running task speaks to.</summary>
    public static async Task RequireIdleAsync(CatalogSession session, Guid source, string what, CancellationToken cancellationToken)
    {
        IReadOnlyList<CatalogTask> running = await session.Tasks.RunningAsync(cancellationToken);
        if (running.FirstOrDefault(task => task.SourceGuid == source || task.HypervisorGuid == source) is { } task)
        {
            throw new VProtectException(
                ErrorCode.CatalogInUse, ErrorSide.Request, $"{what} is used by the running task {task.Guid}.", "Cancel the task or wait until it has ended.");
        }
    }
}

/// <summary>Names and logins of a page of hosts or managers.</summary>
internal sealed class PlatformLookup
{
    private readonly Dictionary<Guid, Credential> _credentials;
    private readonly IReadOnlyList<Node> _nodes;
    private readonly NameLookup _nodeConfigs;

    private PlatformLookup(Dictionary<Guid, Credential> credentials, IReadOnlyList<Node> nodes, NameLookup nodeConfigs)
    {
        _credentials = credentials;
        _nodes = nodes;
        _nodeConfigs = nodeConfigs;
    }

    public static async Task<PlatformLookup> OfAsync(
        CatalogSession session, IEnumerable<(Guid? Credential, Guid? NodeConfig)> rows, CancellationToken cancellationToken)
    {
        (Guid? Credential, Guid? NodeConfig)[] all = [.. rows];
        IReadOnlyList<Credential> credentials = await session.Credentials.FindManyAsync(
            [.. all.Select(row => row.Credential).OfType<Guid>().Distinct()], cancellationToken);
        return new PlatformLookup(
            credentials.ToDictionary(credential => credential.Guid),
            (await session.Nodes.ListAsync(new() { Size = 1000 }, cancellationToken)).Rows,
            await NameLookup.OfAsync(session.NodeConfigs, all.Select(row => row.NodeConfig), cancellationToken));
    }

    public string? User(Guid? credential) => Credential(credential)?.Login;

    public NameAndGuid? CredentialOf(Guid? credential) => Credential(credential) is { } found ? new NameAndGuid(found.Guid, found.Name) : null;

    public NameAndGuid? NodeConfig(Guid? config) => _nodeConfigs[config];

    /// <summary>The first of the nodes that may talk to it.</summary>
    public NameAndGuid? Node(Guid? config) =>
        _nodes.FirstOrDefault(node => config is null || node.NodeConfigGuid == config) is { } node ? new NameAndGuid(node.Guid, node.Name) : null;

    private Credential? Credential(Guid? guid) => guid is { } known ? _credentials.GetValueOrDefault(known) : null;
}
