using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Access;
using VProtect.Catalog.Audit;
using VProtect.Server.Access.Ldap;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Access;

/// <summary>Checks logins: throttled, and with one answer for every reason to refuse.</summary>
internal sealed class Logins(CatalogDatabase catalog, LoginThrottle throttle, Sessions sessions, CodeCheck codes, UserDirectory directory, SecretBox box, TimeProvider time) : IDisposable
{
    /// <summary>Hashing takes a core for a while; logins queue instead of taking all of them.</summary>
    private readonly SemaphoreSlim _hashing = new(1);

    private long _work;

    /// <summary>Iterations of hashing that were done since the start. Tests compare logins by it.</summary>
    public long Work => Interlocked.Read(ref _work);

    /// <summary>Logs in, or throws. A user with a second factor needs its code as well, which is asked for only when the password is right.</summary>
    /// <returns>The user and the cookie's value.</returns>
    public async Task<(User User, string Token)> EnterAsync(string login, string password, string? code, HttpContext context, CancellationToken cancellationToken)
    {
        string address = context.Connection.RemoteIpAddress?.ToString() ?? "unknown";
        if (throttle.Wait(address, login) is var wait && wait > TimeSpan.Zero)
        {
            int seconds = (int)Math.Ceiling(wait.TotalSeconds);
            context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            throw new VProtectException(ErrorCode.LoginTooOften, ErrorSide.Request, "Too many logins have failed.", $"Try again in {seconds} s.", RetryAdvice.Later);
        }

        throttle.Attempted(address, login);
        User? user;
        DirectorySettings settings;
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            user = await session.Users.FindByLoginAsync(login, cancellationToken);
            (settings, _) = await UserDirectory.ReadAsync(session, cancellationToken);
        }

        // Who is known here is known here only; all others the directory is asked about, after the time that a wrong password takes.
        bool isRight = await VerifyAsync(password, user?.PasswordHash, cancellationToken);
        DirectoryUser? known = settings.Active && user is null or { Source: UserSource.Ldap }
            ? await directory.FindAsync(settings, login, password, cancellationToken)
            : null;
        if (settings.Active && user is { Source: UserSource.Local } && !(isRight && user.Active))
        {
            // Or the time would tell whose password is known here.
            await directory.PretendAsync(settings, cancellationToken);
        }

        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        if (known is not null)
        {
            user = await DirectoryLogins.TakeInAsync(transaction, login, known, time.GetUtcNow(), cancellationToken);
            isRight = user is not null;
        }

        if (!isRight || user is not { Active: true })
        {
            string shown = login.Length > 100 ? login[..100] : login;
            await AuditTrail.AppendAsync(transaction, context, shown, user?.Guid, "session.login", AuditOutcome.Denied, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            throw new VProtectException(ErrorCode.LoginRefused, ErrorSide.Request, "Login or password is wrong.", "Check both; the password is case-sensitive.");
        }

        throttle.Succeeded(address, login);
        User now = await transaction.Users.GetAsync(user.Guid, cancellationToken);
        if (SecondFactor.Of(now, box) is { IsActive: true } factor)
        {
            if (string.IsNullOrEmpty(code))
            {
                throw new VProtectException(ErrorCode.SecondFactorRequired, ErrorSide.Request, "The code of the authenticator is missing.", "Send it as 'code', with login and password.");
            }

            if (codes.TakeCode(now, factor, code, takesRecovery: true) is not { } left)
            {
                await AuditTrail.AppendAsync(transaction, context, now.Login, now.Guid, "session.login", AuditOutcome.Denied, cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                throw new VProtectException(ErrorCode.LoginRefused, ErrorSide.Request, "The code is wrong, or was used already.", "Send the one that the authenticator shows now, or a recovery code.");
            }

            now = now with { SealedTotp = left.Seal(now.Guid, box) };
        }

        await transaction.Users.UpdateAsync(now with { LastLoginAt = time.GetUtcNow() }, cancellationToken);
        string token = await sessions.OpenAsync(transaction, user.Guid, context, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, user.Login, user.Guid, "session.login", AuditOutcome.Success, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return (now, token);
    }

    /// <summary>Whether this is the user's password, here or in the directory.</summary>
    public async Task<bool> VerifyAsync(User user, string password, CancellationToken cancellationToken)
    {
        if (user.Source == UserSource.Local)
        {
            return await VerifyAsync(password, user.PasswordHash, cancellationToken);
        }

        DirectorySettings settings;
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            (settings, _) = await UserDirectory.ReadAsync(session, cancellationToken);
        }

        return settings.Active && await directory.FindAsync(settings, user.Login, password, cancellationToken) is { } known
            && string.Equals(known.Dn, user.ExternalId, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Compares a password; one at a time.</summary>
    private async Task<bool> VerifyAsync(string password, string? stored, CancellationToken cancellationToken)
    {
        if (password.Length > PasswordHash.LengthMax)
        {
            return false;
        }

        await _hashing.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(
                () =>
                {
                    bool isRight = PasswordHash.Verify(password, stored, out int work);
                    Interlocked.Add(ref _work, work);
                    return isRight;
                },
                cancellationToken);
        }
        finally
        {
            _hashing.Release();
        }
    }

    public void Dispose() => _hashing.Dispose();
}
