namespace VProtect.Catalog.Audit;

/// <summary>Who did what. Each entry carries the hash of the one before, so that a change shows.</summary>
public sealed record AuditEntry
{
    /// <summary>Order, from 1, without gaps.</summary>
    public long Seq { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>User; it may be gone.</summary>
    public Guid? ActorGuid { get; init; }

    /// <summary>Login or part of the appliance.</summary>
    public required string Actor { get; init; }

    /// <summary>Where it came from.</summary>
    public string? Address { get; init; }

    /// <summary>What, as the server names it.</summary>
    public required string Action { get; init; }

    /// <summary>Kind of the object.</summary>
    public string? ObjectKind { get; init; }

    /// <summary>Object; it may be gone.</summary>
    public Guid? ObjectGuid { get; init; }

    /// <summary>Its name then.</summary>
    public string? ObjectName { get; init; }

    /// <summary>How it ended.</summary>
    public required AuditOutcome Outcome { get; init; }

    /// <summary>More, as JSON; no secrets.</summary>
    public string Detail { get; init; } = "{}";

    /// <summary>`hash` of the entry before; 32 zero bytes for the first.</summary>
    public byte[] PrevHash { get; init; } = [];

    /// <summary>SHA-256, see below.</summary>
    public byte[] Hash { get; init; } = [];
}
