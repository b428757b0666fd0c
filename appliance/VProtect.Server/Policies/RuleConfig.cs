using VProtect.Catalog.Policies;

namespace VProtect.Server.Policies;

/// <summary>A rule as it was written.</summary>
internal sealed record RuleConfig
{
    /// <summary>The rule.</summary>
    public required Rule Rule { get; init; }

    /// <summary>Its destinations: none for snapshots, a primary and perhaps a secondary one for backups.</summary>
    public IReadOnlyList<RuleDestination> Destinations { get; init; } = [];

    /// <summary>Schedules that start it.</summary>
    public IReadOnlyList<Guid> Schedules { get; init; } = [];
}
