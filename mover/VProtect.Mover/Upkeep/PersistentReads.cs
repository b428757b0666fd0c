using VProtect.Abstractions;
using VProtect.Mover.Store;

namespace VProtect.Mover.Upkeep;

/// <summary>
/// Reads that are tried again when the store fails: a hiccup of a disk or a share says nothing about what lies there. Those of
/// packs pass by all caches and keep to a rate. Safe from several threads.
/// </summary>
internal sealed class PersistentReads(Repository repository, ReadRate rate, TimeSpan retryDelay, TimeProvider time)
{
    private const int AttemptsMax = 3;

    /// <summary>As <see cref="IObjectStore.ReadUncachedAsync"/>.</summary>
    /// <exception cref="VProtectException">The store failed each time.</exception>
    public async Task<int> ReadAsync(string key, long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await rate.WaitAsync(buffer.Length, cancellationToken);
        return await RepeatAsync(() => repository.Store.ReadUncachedAsync(key, offsetBytes, buffer, cancellationToken), cancellationToken);
    }

    /// <summary>Does something that reads until it succeeds, three times at most.</summary>
    /// <exception cref="IntegrityException">At once: that is no trouble of reading.</exception>
    public async ValueTask<T> RepeatAsync<T>(Func<ValueTask<T>> read, CancellationToken cancellationToken)
    {
        TimeSpan delay = retryDelay;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await read();
            }
            catch (VProtectException e) when (attempt < AttemptsMax && e.Retry != RetryAdvice.Never)
            {
                await Task.Delay(delay, time, cancellationToken);
                delay *= 4;
            }
        }
    }
}
