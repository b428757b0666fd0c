namespace VProtect.Abstractions;

/// <summary>On which side of a flow an operation failed.</summary>
public enum ErrorSide
{
    /// <summary>The request itself.</summary>
    Request = 0,

    /// <summary>Where the bytes come from.</summary>
    Source = 1,

    /// <summary>Our own work between the two.</summary>
    Transform = 2,

    /// <summary>The repository and its backend.</summary>
    Repository = 3,

    /// <summary>Catalog and chunk index.</summary>
    Catalog = 4,

    /// <summary>The virtualization platform.</summary>
    Platform = 5,

    /// <summary>Where a restore goes.</summary>
    Target = 6,
}

/// <summary>Whether trying again may help.</summary>
public enum RetryAdvice
{
    /// <summary>It will fail again until somebody acts.</summary>
    Never = 0,

    /// <summary>Later, when the condition may have passed.</summary>
    Later = 1,

    /// <summary>At once.</summary>
    Now = 2,
}

/// <summary>An operation failed for a reason that its user can act upon. Bugs are other exceptions.</summary>
public class VProtectException : Exception
{
    /// <summary>Makes an exception.</summary>
    /// <param name="code">Stable number.</param>
    /// <param name="side">Where it failed.</param>
    /// <param name="message">What happened, naming the thing; one or two sentences, no secrets, no guest data.</param>
    /// <param name="guidance">What to do next; a sentence.</param>
    /// <param name="retry">Whether trying again may help.</param>
    /// <param name="inner">The cause, if any.</param>
    public VProtectException(
        ErrorCode code, ErrorSide side, string message, string guidance, RetryAdvice retry = RetryAdvice.Never, Exception? inner = null)
        : base(message, inner)
    {
        Code = code;
        Side = side;
        Guidance = guidance;
        Retry = retry;
    }

    /// <summary>Stable number.</summary>
    public ErrorCode Code { get; }

    /// <summary>Where it failed.</summary>
    public ErrorSide Side { get; }

    /// <summary>What to do next.</summary>
    public string Guidance { get; }

    /// <summary>Whether trying again may help.</summary>
    public RetryAdvice Retry { get; }
}

/// <summary>Data is not what was written. Never retried but as <see cref="NotListed"/> says, never hidden, always names what is wrong.</summary>
public sealed class IntegrityException : VProtectException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="message">What is damaged: object, offset, what did not match.</param>
    /// <param name="code"><see cref="ErrorCode.DataCorrupt"/> or <see cref="ErrorCode.ObjectMissing"/>.</param>
    /// <param name="inner">The cause, if any.</param>
    public IntegrityException(string message, ErrorCode code = ErrorCode.DataCorrupt, Exception? inner = null)
        : this(message, code, RetryAdvice.Never, "Run 'vprotect repo verify' to see which restore points are affected; other restore points are not touched by it.", inner)
    {
    }

    private IntegrityException(string message, ErrorCode code, RetryAdvice retry, string guidance, Exception? inner)
        : base(code, ErrorSide.Repository, message, guidance, retry, inner)
    {
    }

    /// <summary>Something is missing from a store whose listing may lag: perhaps it is only not shown yet, which time will tell.</summary>
    /// <param name="message">What is missing.</param>
    public static IntegrityException NotListed(string message) => new(
        message, ErrorCode.ObjectMissing, RetryAdvice.Later,
        "The store's listing may lag behind what was written: try again later. If that does not help, run 'vprotect repo verify'.", inner: null);
}
