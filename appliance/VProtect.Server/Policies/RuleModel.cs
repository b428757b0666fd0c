using VProtect.Server.Policies.Retention;

namespace VProtect.Server.Policies;

/// <summary>A rule that was found valid. Immutable.</summary>
internal sealed record RuleModel
{
    /// <summary>Identity.</summary>
    public required Guid Guid { get; init; }

    /// <summary>Name shown to people.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it runs.</summary>
    public required bool Active { get; init; }

    /// <summary>Where backups go; null for snapshots.</summary>
    public RuleTarget? Primary { get; init; }

    /// <summary>Where a copy goes; null nowhere.</summary>
    public RuleTarget? Secondary { get; init; }

    /// <summary>What is kept of snapshots; null for backups.</summary>
    public RetentionSettings? Snapshots { get; init; }

    /// <summary>Schedules that start it.</summary>
    public required IReadOnlyList<Guid> Schedules { get; init; }
}
