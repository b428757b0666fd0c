namespace VProtect.Catalog.Tasks;

/// <summary>How a try of a task ended.</summary>
public sealed record TaskOutcome
{
    /// <summary>FINISHED, FAILED or CANCELLED.</summary>
    public required TaskState State { get; init; }

    /// <summary>Why it failed, or what is worth knowing.</summary>
    public string? StatusInfo { get; init; }

    /// <summary>Stable number of what went wrong.</summary>
    public int? ErrorCode { get; init; }

    /// <summary>Result, as JSON.</summary>
    public string? Result { get; init; }

    /// <summary>Warnings in its log.</summary>
    public int Warnings { get; init; }

    /// <summary>For a failure that may pass: when to try again, if tries are left; null never.</summary>
    public DateTimeOffset? RetryAt { get; init; }
}
