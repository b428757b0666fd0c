namespace VProtect.Catalog.Tasks;

/// <summary>An answer to be given again when a request is repeated.</summary>
public sealed record IdempotencyRecord
{
    /// <summary>What the client chose.</summary>
    public required string Key { get; init; }

    /// <summary>Who; keys of others do not collide.</summary>
    public required string Actor { get; init; }

    /// <summary>SHA-256 of method, path and body.</summary>
    public required byte[] RequestHash { get; init; }

    /// <summary>HTTP status of the answer; null while it is being made.</summary>
    public int? Status { get; init; }

    /// <summary>Body of the answer.</summary>
    public string? Response { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}
