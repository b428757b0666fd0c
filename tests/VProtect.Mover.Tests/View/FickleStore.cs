using VProtect.Abstractions;

namespace VProtect.Mover.Tests.View;

/// <summary>A store that goes away and comes back: as an empty directory where a share was mounted, as one that fails, or as one that hangs.</summary>
internal sealed class FickleStore(IObjectStore inner) : StoreDecorator(inner)
{
    public enum Mood
    {
        Here,
        Unmounted,
        Failing,
        Hanging,
    }

    private readonly TaskCompletionSource _back = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Mood Now { get; private set; }

    public int Refused;

    public void Become(Mood mood)
    {
        Now = mood;
        if (mood == Mood.Here)
        {
            _back.TrySetResult();
        }
    }

    public override async ValueTask<int> ReadAsync(string key, long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken) =>
        await IsAwayAsync() ? -1 : await Inner.ReadAsync(key, offsetBytes, buffer, cancellationToken);

    public override async ValueTask<long?> GetSizeAsync(string key, CancellationToken cancellationToken) =>
        await IsAwayAsync() ? null : await Inner.GetSizeAsync(key, cancellationToken);

    public override IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellationToken) => Now switch
    {
        Mood.Here => Inner.ListAsync(prefix, cancellationToken),
        Mood.Failing => throw Failure(),
        _ => AsyncEnumerable.Empty<ObjectInfo>(),
    };

    private async ValueTask<bool> IsAwayAsync()
    {
        if (Now == Mood.Here)
        {
            return false;
        }

        Interlocked.Increment(ref Refused);
        if (Now == Mood.Failing)
        {
            throw Failure();
        }

        if (Now == Mood.Hanging)
        {
            await _back.Task;
            return false;
        }

        return true;
    }

    private static VProtectException Failure() =>
        new(ErrorCode.StoreFailed, ErrorSide.Repository, "stale handle", "mount it again", RetryAdvice.Later);
}
