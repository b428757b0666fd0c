using VProtect.Catalog.RestorePoints;

namespace VProtect.Server.Policies.Retention;

/// <summary>What retention has to know of a restore point that can be restored, or of a snapshot.</summary>
internal sealed record RetentionPoint
{
    /// <summary>Identity.</summary>
    public required Guid Guid { get; init; }

    /// <summary>How much was read. Nothing depends on another restore point, so the kinds are counted on their own.</summary>
    public BackupType Type { get; init; } = BackupType.Full;

    /// <summary>Its age counts from here.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Whether somebody holds it.</summary>
    public bool Held { get; init; }

    /// <summary>Until when it may not be removed.</summary>
    public DateTimeOffset? LockedUntil { get; init; }

    /// <summary>What a user marked it for.</summary>
    public RetentionHint Hint { get; init; }

    /// <summary>The point as the catalog has it.</summary>
    public static RetentionPoint Of(RestorePoint point) => new()
    {
        Guid = point.Guid,
        Type = point.Type,
        CreatedAt = point.CreatedAt,
        Held = point.Held,
        LockedUntil = point.LockedUntil,
        Hint = point.RetentionHint,
    };
}
