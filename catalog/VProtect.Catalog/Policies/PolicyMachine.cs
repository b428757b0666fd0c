namespace VProtect.Catalog.Policies;

/// <summary>A machine in a policy.</summary>
public sealed record PolicyMachine
{
    /// <summary>Policy.</summary>
    public required Guid PolicyGuid { get; init; }

    /// <summary>Machine.</summary>
    public required Guid MachineGuid { get; init; }

    /// <summary>Who put it there.</summary>
    public AssignmentSource AssignedBy { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset AssignedAt { get; init; }
}
