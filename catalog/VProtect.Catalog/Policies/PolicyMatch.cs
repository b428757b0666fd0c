namespace VProtect.Catalog.Policies;

/// <summary>One entry of a policy's include and exclude lists.</summary>
public sealed record PolicyMatch
{
    /// <summary>Policy.</summary>
    public required Guid PolicyGuid { get; init; }

    /// <summary>How it is meant.</summary>
    public required PolicyMatchKind Kind { get; init; }

    /// <summary>Tag or regular expression.</summary>
    public required string Value { get; init; }
}
