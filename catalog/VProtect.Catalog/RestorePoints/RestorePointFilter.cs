namespace VProtect.Catalog.RestorePoints;

/// <summary>Which restore points are wanted; what is null does not limit.</summary>
public sealed record RestorePointFilter
{
    /// <summary>Of this machine.</summary>
    public Guid? Machine { get; init; }

    /// <summary>In this destination.</summary>
    public Guid? Destination { get; init; }

    /// <summary>Made by this policy.</summary>
    public Guid? Policy { get; init; }

    /// <summary>Made so.</summary>
    public BackupType? Type { get; init; }

    /// <summary>In one of these states.</summary>
    public IReadOnlyCollection<RestorePointState>? States { get; init; }

    /// <summary>Made at this time or later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Made before this time.</summary>
    public DateTimeOffset? Before { get; init; }
}
