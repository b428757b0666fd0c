namespace VProtect.Server.Policies;

/// <summary>What automatic assignment looks at in a machine.</summary>
internal sealed record MachineFacts
{
    /// <summary>Identity.</summary>
    public required Guid Guid { get; init; }

    /// <summary>Name on the platform.</summary>
    public required string Name { get; init; }

    /// <summary>Whether the platform still has it.</summary>
    public bool Present { get; init; } = true;

    /// <summary>Its tags.</summary>
    public IReadOnlyCollection<string> Tags { get; init; } = [];

    /// <summary>Its cluster.</summary>
    public Guid? ClusterGuid { get; init; }

    /// <summary>Its tenant.</summary>
    public string? TenantId { get; init; }
}
