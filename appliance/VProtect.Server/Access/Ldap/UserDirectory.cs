using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using VProtect.Catalog;

namespace VProtect.Server.Access.Ldap;

/// <summary>A user as a directory knows it.</summary>
/// <param name="Dn">Distinguished name.</param>
/// <param name="FullName">Name shown to people.</param>
/// <param name="Email">Mail address.</param>
/// <param name="Groups">Distinguished names of its groups.</param>
internal sealed record DirectoryUser(string Dn, string? FullName, string? Email, IReadOnlyList<string> Groups);

/// <summary>
/// Users of a directory: 1 search as the service user, 2 bind as the one that is found, 3 search its groups. Exactly one entry must be found. Safe for any number of callers.
/// </summary>
internal sealed partial class UserDirectory(SecretBox box, TimeProvider time, ILogger<UserDirectory> logger)
{
    /// <summary>One that did not answer is not asked again for so long, whoever logs in: the time of an answer then tells as little as before.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(30);

    private readonly Lock _silence = new();
    private (string Url, long At)? _silent;
    private long _searches;
    private long _binds;

    /// <summary>A login does not wait longer for a directory.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Searches for users, and binds as them, since the start. Tests compare logins by it.</summary>
    public (long Searches, long Binds) Work => (Interlocked.Read(ref _searches), Interlocked.Read(ref _binds));

    /// <summary>The settings in the catalog; those of nothing when there are none.</summary>
    public static async Task<(DirectorySettings Settings, long Version)> ReadAsync(CatalogSession session, CancellationToken cancellationToken) =>
        await session.Settings.FindAsync(DirectorySettings.Key, cancellationToken) is { } stored
            ? (JsonSerializer.Deserialize<DirectorySettings>(stored.Value) ?? new(), stored.Version)
            : (new DirectorySettings(), 0);

    /// <summary>The user who has this login and password; null when there is none, or the directory cannot be asked, which is logged.</summary>
    public async Task<DirectoryUser?> FindAsync(DirectorySettings settings, string login, string password, CancellationToken cancellationToken)
    {
        if (IsSilent(settings))
        {
            return null;
        }

        try
        {
            return await AskAsync(settings, login, password, cancellationToken);
        }
        catch (Exception exception) when (IsOfDirectory(exception, cancellationToken))
        {
            if (exception is OperationCanceledException)
            {
                lock (_silence)
                {
                    _silent = (settings.Url, time.GetTimestamp());
                }
            }

            Log.NotAsked(logger, settings.Url, exception.Message);
            return null;
        }
    }

    /// <summary>Asks what it is asked about a login that nobody has there. Tells nobody's login or password.</summary>
    public async Task PretendAsync(DirectorySettings settings, CancellationToken cancellationToken) =>
        await FindAsync(settings, SecretToken.NewPassword(), SecretToken.NewPassword(), cancellationToken);

    /// <summary>Tries the settings without a user; null when they work, else what is amiss.</summary>
    public async Task<string?> CheckAsync(DirectorySettings settings, CancellationToken cancellationToken)
    {
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(Patience);
            await using LdapConnection connection = await LdapConnection.OpenAsync(new Uri(settings.Url), AuthoritiesOf(settings), patience.Token);
            return await connection.BindAsync(settings.BindDn, PasswordOf(settings), patience.Token) ? null : $"The directory refuses {settings.BindDn}: name or password is wrong.";
        }
        catch (Exception exception) when (IsOfDirectory(exception, cancellationToken))
        {
            return exception is OperationCanceledException ? "The directory does not answer." : exception.Message;
        }
    }

    /// <exception cref="CryptographicException">The text is no certificate.</exception>
    public static X509Certificate2Collection AuthoritiesOf(DirectorySettings settings)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(settings.Authorities);
        return authorities;
    }

    private bool IsSilent(DirectorySettings settings)
    {
        lock (_silence)
        {
            return _silent is { } silent && silent.Url == settings.Url && time.GetElapsedTime(silent.At) < Rest;
        }
    }

    private async Task<DirectoryUser?> AskAsync(DirectorySettings settings, string login, string password, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        await using LdapConnection connection = await LdapConnection.OpenAsync(new Uri(settings.Url), AuthoritiesOf(settings), patience.Token);

        // 1
        if (!await connection.BindAsync(settings.BindDn, PasswordOf(settings), patience.Token))
        {
            throw new IOException($"The directory refuses {settings.BindDn}.");
        }

        List<(string, string)> wanted = [(settings.LoginAttribute, login)];
        if (settings.UserClass.Length > 0)
        {
            wanted.Add(("objectClass", settings.UserClass));
        }

        List<(string Dn, Dictionary<string, List<string>> Attributes)> found = await connection.SearchAsync(
            settings.UserBase, wanted, [settings.LoginAttribute, "cn", "displayName", "mail"], sizeLimit: 2, patience.Token);
        // Directories compare more loosely than we do: what is typed must be the login as it stands there.
        Interlocked.Increment(ref _searches);
        bool isKnown = found is [var one] && one.Attributes.GetValueOrDefault(settings.LoginAttribute, []).Contains(login, StringComparer.OrdinalIgnoreCase);

        // 2: on a connection of its own, so that groups are searched as the service user. Also as somebody who is not there, or the time would tell who is.
        await using (LdapConnection own = await LdapConnection.OpenAsync(new Uri(settings.Url), AuthoritiesOf(settings), patience.Token))
        {
            Interlocked.Increment(ref _binds);
            (string dn, string typed) = isKnown ? (found[0].Dn, password) : ($"cn={Guid.NewGuid():N},{settings.UserBase}", SecretToken.NewPassword());
            if (!await own.BindAsync(dn, typed, patience.Token) || !isKnown)
            {
                return null;
            }
        }

        (string Dn, Dictionary<string, List<string>> Attributes) user = found[0];

        // 3
        List<(string Dn, Dictionary<string, List<string>> Attributes)> groups = settings.GroupBase.Length == 0
            ? []
            : await connection.SearchAsync(settings.GroupBase, [(settings.MemberAttribute, user.Dn)], ["cn"], sizeLimit: 0, patience.Token);
        return new DirectoryUser(
            user.Dn, First(user.Attributes, "displayName") ?? First(user.Attributes, "cn"), First(user.Attributes, "mail"), [.. groups.Select(group => group.Dn)]);
    }

    private string PasswordOf(DirectorySettings settings) =>
        settings.SealedPassword is { } sealedPassword ? Encoding.UTF8.GetString(box.Unseal(sealedPassword, DirectorySettings.Key)) : "";

    private static string? First(Dictionary<string, List<string>> attributes, string name) =>
        attributes.TryGetValue(name, out List<string>? values) && values is [{ Length: > 0 and <= 200 } first, ..] && !first.Any(char.IsControl) ? first : null;

    private static bool IsOfDirectory(Exception exception, CancellationToken cancellationToken) =>
        exception is IOException or AuthenticationException or CryptographicException or UriFormatException
        || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private static partial class Log
    {
        [LoggerMessage(5360, LogLevel.Warning, "The directory {Url} cannot be asked: {Message}")]
        public static partial void NotAsked(ILogger logger, string url, string message);
    }
}
