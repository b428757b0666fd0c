using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Nodes;

/// <summary>A process that moves bytes.</summary>
public sealed record Node : IEntity
{
    /// <summary>Identity, UUIDv7, lower case.</summary>
    public Guid Guid { get; init; } = Guid.CreateVersion7();

    /// <summary>Name shown to people; unique without regard to case where the table says so.</summary>
    public required string Name { get; init; }

    /// <summary>Name in lower case: what is searched, sorted and unique.</summary>
    public string NameKey => Name.ToLowerInvariant();

    /// <summary>Its shared settings.</summary>
    public Guid? NodeConfigGuid { get; init; }

    /// <summary>Where it was last heard from; for people.</summary>
    public string? Address { get; init; }

    /// <summary>Version of the program it runs.</summary>
    public string? ProgramVersion { get; init; }

    /// <summary>Where it stands.</summary>
    public NodeState State { get; init; }

    /// <summary>Grows whenever the node starts or is declared dead: a lease of an older generation is void.</summary>
    public long Generation { get; init; }

    /// <summary>Last heartbeat; for display, never for leases.</summary>
    public DateTimeOffset? LastSeenAt { get; init; }

    /// <summary>When it joined.</summary>
    public required DateTimeOffset EnrolledAt { get; init; }

    /// <summary>SHA-256 of its client certificate, hexadecimal; null for the server's own node and for one that has not joined yet.</summary>
    public string? CertificateThumbprint { get; init; }

    /// <summary>SHA-256 of the certificate that it was given to go on with; the other counts until this is used first.</summary>
    public string? NextCertificateThumbprint { get; init; }

    /// <summary>SHA-256 of the token with which it may join; null for none.</summary>
    public byte[]? TokenHash { get; init; }

    /// <summary>When the token ends.</summary>
    public DateTimeOffset? TokenExpiresAt { get; init; }

    /// <summary>SHA-256 of the public key that the token was spent for; null it was not.</summary>
    public byte[]? TokenKeyHash { get; init; }

    /// <summary>What it can do: task types and platforms.</summary>
    public IReadOnlyList<string> Capabilities { get; init; } = [];

    /// <summary>Tasks it runs at once, at most.</summary>
    public int MaxTasks { get; init; } = 4;

    /// <summary>Size of its working space, bytes.</summary>
    public long StagingTotalBytes { get; init; }

    /// <summary>Used of it, bytes.</summary>
    public long StagingUsedBytes { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}
