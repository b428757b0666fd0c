using VProtect.Catalog.Sql;

namespace VProtect.Catalog.RestorePoints;

/// <summary>A machine of a recovery plan.</summary>
public sealed record RecoveryPlanStep : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Plan.</summary>
    public required Guid PlanGuid { get; init; }

    /// <summary>Order, from 0; equal ones start together.</summary>
    public int Position { get; init; }

    /// <summary>Machine.</summary>
    public required Guid MachineGuid { get; init; }

    /// <summary>Time before the next position, milliseconds.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Where and how it is restored, as JSON.</summary>
    public string Settings { get; init; } = "{}";

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
