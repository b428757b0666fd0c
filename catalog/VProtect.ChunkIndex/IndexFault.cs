using VProtect.Abstractions;

namespace VProtect.ChunkIndex;

/// <summary>
/// The first failure of the index's disk. FASTER drops such errors or waits for ever on them; so the devices report
/// them here, tell FASTER that all is well, and everybody who would rely on the disk looks here first.
/// </summary>
internal sealed class IndexFault
{
    private Exception? _cause;

    /// <summary>Whether the disk has failed. Never turns back to false.</summary>
    public bool IsRaised => Volatile.Read(ref _cause) is not null;

    /// <summary>The first failure, if any.</summary>
    public Exception? Cause => Volatile.Read(ref _cause);

    public void Raise(Exception cause) => Interlocked.CompareExchange(ref _cause, cause, null);

    public void ThrowIfRaised(string directory)
    {
        if (Cause is { } cause)
        {
            throw ToException(directory, cause);
        }
    }

    public static VProtectException ToException(string directory, Exception cause) => new(
        ErrorCode.IndexFailed,
        ErrorSide.Catalog,
        $"The disk of the chunk index in '{directory}' failed: {cause.Message}",
        "Free space on that disk or repair it and run again. The repository is unharmed; the index learns again what it lost.",
        RetryAdvice.Later,
        cause);
}
