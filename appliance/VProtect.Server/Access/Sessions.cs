using VProtect.Catalog;
using VProtect.Catalog.Access;
using VProtect.Server.Api.Settings;

namespace VProtect.Server.Access;

/// <summary>Sessions of the cookie: opened at login, prolonged by use, ended by logout, idleness or age.</summary>
internal sealed class Sessions(CatalogDatabase catalog, LiveSettings settings, TimeProvider time)
{
    /// <summary>With this prefix browsers take the cookie only over TLS, for this host and every path.</summary>
    public const string CookieName = "__Host-vprotect";

    /// <summary>Use is noted this often, so that reading does not become writing; four times at least before a session would end.</summary>
    private TimeSpan NotedEvery => TimeSpan.FromMilliseconds(Math.Min(60_000, settings.Current.SessionIdleTimeout / 4));

    /// <summary>Adds a session in the transaction of the login.</summary>
    /// <returns>The cookie's value; only its hash is kept.</returns>
    public async Task<string> OpenAsync(CatalogTransaction transaction, Guid user, HttpContext context, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        string token = SecretToken.New();
        string agent = context.Request.Headers.UserAgent.ToString();
        await transaction.Sessions.RemoveEndedAsync(cancellationToken);
        await transaction.Sessions.InsertAsync(
            new UserSession
            {
                UserGuid = user,
                TokenHash = SecretToken.HashOf(token),
                CsrfHash = SecretToken.HashOf(SecretToken.CsrfOf(token)),
                CreatedAt = now,
                LastUsedAt = now,
                ExpiresAt = EndOf(now, now),
                Address = context.Connection.RemoteIpAddress?.ToString(),
                UserAgent = agent.Length > 200 ? agent[..200] : agent,
            },
            cancellationToken);
        return token;
    }

    public async Task ProlongAsync(UserSession session, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (now - session.LastUsedAt < NotedEvery)
        {
            return;
        }

        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        if (await transaction.Sessions.FindAsync(session.Guid, cancellationToken) is not null)
        {
            await transaction.Sessions.RecordUseAsync(session.Guid, EndOf(session.CreatedAt, now), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
    }

    /// <summary>Ends the sessions of a user, but not <paramref name="except"/>; returns how many.</summary>
    public static async Task<int> EndAllAsync(CatalogTransaction transaction, Guid user, Guid? except, CancellationToken cancellationToken)
    {
        int ended = 0;
        foreach (UserSession session in (await transaction.Sessions.ListAsync(user, new() { Size = 10_000 }, cancellationToken)).Rows)
        {
            if (session.Guid != except)
            {
                await transaction.Sessions.DeleteAsync(session.Guid, version: null, cancellationToken);
                ended++;
            }
        }

        return ended;
    }

    public static CookieOptions Cookie() => new() { HttpOnly = true, Secure = true, SameSite = SameSiteMode.Strict, Path = "/", IsEssential = true };

    /// <summary>When a session used now ends, by idleness or age.</summary>
    private DateTimeOffset EndOf(DateTimeOffset createdAt, DateTimeOffset now)
    {
        GlobalSettings current = settings.Current;
        DateTimeOffset idle = now.AddMilliseconds(current.SessionIdleTimeout);
        DateTimeOffset absolute = createdAt.AddMilliseconds(current.SessionAbsoluteTimeout);
        return idle < absolute ? idle : absolute;
    }
}
