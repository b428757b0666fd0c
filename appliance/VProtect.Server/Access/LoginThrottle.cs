using VProtect.Abstractions;

namespace VProtect.Server.Access;

/// <summary>
/// Slows guessing: after <see cref="FreeFailures"/> failures of an address or for a login, each further one doubles the wait, up to a bound. Logins
/// nobody has are counted like others, so that answers do not tell them apart. Kept in memory, bounded; a restart forgets.
/// </summary>
internal sealed class LoginThrottle(TimeProvider time)
{
    public const int FreeFailures = 5;

    /// <summary>An address may be made to wait long; an account not, or anybody could lock its owner out.</summary>
    private static readonly TimeSpan AddressWaitMax = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan AccountWaitMax = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Forgotten = TimeSpan.FromHours(1);

    private const int EntriesMax = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>How long to wait before the next attempt; zero when it may be made.</summary>
    public TimeSpan Wait(string address, string login)
    {
        lock (_lock)
        {
            DateTimeOffset until = new[] { Key('a', address), Key('l', login) }
                .Select(key => _entries.TryGetValue(key, out Entry entry) ? entry.Until : DateTimeOffset.MinValue).Max();
            TimeSpan wait = until - time.GetUtcNow();
            return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
        }
    }

    /// <summary>Notes an attempt before it is checked, so that many at once count as many. A good one is taken back with <see cref="Succeeded"/>.</summary>
    public void Attempted(string address, string login)
    {
        lock (_lock)
        {
            Count(Key('a', address), AddressWaitMax);
            Count(Key('l', login), AccountWaitMax);
        }
    }

    public void Succeeded(string address, string login)
    {
        lock (_lock)
        {
            _entries.Remove(Key('a', address));
            _entries.Remove(Key('l', login));
        }
    }

    /// <summary>Refuses an attempt on something that has a key of its own while it must wait.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.LoginTooOften"/>.</exception>
    public void RequireNoWait(string key, string message)
    {
        if (Wait(key, key) is var wait && wait > TimeSpan.Zero)
        {
            throw new VProtectException(ErrorCode.LoginTooOften, ErrorSide.Request, message, $"Try again in {(int)Math.Ceiling(wait.TotalSeconds)} s.", RetryAdvice.Later);
        }
    }

    private static string Key(char kind, string value) => $"{kind}:{(value.Length > 200 ? value[..200] : value).ToLowerInvariant()}";

    private void Count(string key, TimeSpan waitMax)
    {
        DateTimeOffset now = time.GetUtcNow();
        int failures = (_entries.TryGetValue(key, out Entry entry) && now - entry.Last < Forgotten ? entry.Failures : 0) + 1;
        double seconds = failures < FreeFailures ? 0 : Math.Min(waitMax.TotalSeconds, Math.Pow(2, failures - FreeFailures));
        _entries[key] = new Entry(failures, now, now + TimeSpan.FromSeconds(seconds));
        if (_entries.Count > EntriesMax)
        {
            foreach (string oldest in _entries.OrderBy(pair => pair.Value.Last).Take(EntriesMax / 10).Select(pair => pair.Key).ToList())
            {
                _entries.Remove(oldest);
            }
        }
    }

    private readonly record struct Entry(int Failures, DateTimeOffset Last, DateTimeOffset Until);
}
