using System.Globalization;
using VProtect.Abstractions;

namespace VProtect.Mover.Store;

/// <summary>Stops a backup while the repository's reserve is still whole. Used by one task at a time.</summary>
/// <param name="repository">Where it writes.</param>
/// <param name="reserveBytes">What it leaves free; null for <see cref="SpaceReserve.DefaultBytes"/>.</param>
internal sealed class SpaceGuard(Repository repository, long? reserveBytes)
{
    /// <summary>Between two looks: little beside the least reserve, much beside the cost of asking (a system call, or a request to a share).</summary>
    private const long LookBytes = 16 << 20;

    private long _spentBytes;

    /// <summary>Bytes that may be written before the reserve is reached, at least 0; null when the store has no end.</summary>
    public async Task<long?> GetRoomBytesAsync(CancellationToken cancellationToken) =>
        await repository.Store.GetSpaceAsync(cancellationToken) is { } space ? Math.Max(0, space.FreeBytes - ReserveOf(space)) : null;

    /// <summary>Notes bytes written and looks now and then.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.StoreFull"/>: the reserve is reached.</exception>
    public ValueTask SpendAsync(long bytes, CancellationToken cancellationToken)
    {
        _spentBytes += bytes;
        if (_spentBytes < LookBytes)
        {
            return ValueTask.CompletedTask;
        }

        _spentBytes = 0;
        return new ValueTask(RequireRoomAsync(cancellationToken));
    }

    /// <summary>Looks.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.StoreFull"/>: the reserve is reached; the guidance says what would free how much.</exception>
    public async Task RequireRoomAsync(CancellationToken cancellationToken)
    {
        if (await repository.Store.GetSpaceAsync(cancellationToken) is not { } space || space.FreeBytes >= ReserveOf(space))
        {
            return;
        }

        long reserve = ReserveOf(space);
        string advice = await SpaceAdvice.GetAsync(repository, cancellationToken);
        throw new VProtectException(
            ErrorCode.StoreFull, ErrorSide.Repository,
            $"The repository at {repository.Name} has {Bytes(space.FreeBytes)} of {Bytes(space.TotalBytes)} bytes free: less than its reserve of {Bytes(reserve)}, which keeps forget and gc working.",
            $"{advice} Or add at least {Bytes(reserve - space.FreeBytes)} bytes of space, or lower the reserve (--reserve).",
            RetryAdvice.Later);
    }

    private long ReserveOf(StoreSpace space) => reserveBytes ?? SpaceReserve.DefaultBytes(space.TotalBytes);

    private static string Bytes(long bytes) => bytes.ToString("N0", CultureInfo.InvariantCulture);
}
