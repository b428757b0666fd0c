using VProtect.Catalog.Policies;

namespace VProtect.Server.Policies;

/// <summary>A policy that was found valid. Immutable; made by <see cref="PolicyValidation"/>.</summary>
internal sealed record PolicyModel
{
    /// <summary>Identity.</summary>
    public required Guid Guid { get; init; }

    /// <summary>Name shown to people.</summary>
    public required string Name { get; init; }

    /// <summary>What it makes.</summary>
    public required PolicyKind Kind { get; init; }

    /// <summary>Whether it acts.</summary>
    public required bool Active { get; init; }

    /// <summary>0 to 100; also of its tasks.</summary>
    public required int Priority { get; init; }

    /// <summary>Tenant whose machines it may take by itself; null any.</summary>
    public string? TenantId { get; init; }

    /// <summary>Whether machines that are gone leave it.</summary>
    public required bool AutoRemoveNonPresent { get; init; }

    /// <summary>Whether machines join and leave by themselves.</summary>
    public required AutoAssignMode AutoAssignMode { get; init; }

    /// <summary>Which.</summary>
    public required AutoAssignRules AutoAssign { get; init; }

    /// <summary>Longest time without a good backup; null as its schedules have it.</summary>
    public TimeSpan? Rpo { get; init; }

    /// <summary>Rules in their order.</summary>
    public required IReadOnlyList<RuleModel> Rules { get; init; }

    /// <summary>Whether its lists and its tenant let a machine in.</summary>
    public bool Match(MachineFacts machine) => (TenantId is null || TenantId == machine.TenantId) && AutoAssign.Match(machine);
}
