using VProtect.Catalog.Policies;

namespace VProtect.Server.Policies;

/// <summary>A policy as it was written: in a request, or in the rows of the catalog. Nothing in it has been checked.</summary>
internal sealed record PolicyConfig
{
    /// <summary>The policy.</summary>
    public required Policy Policy { get; init; }

    /// <summary>IANA name of the zone whose hours and days its retention slots are.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>Include and exclude lists.</summary>
    public IReadOnlyList<PolicyMatch> Matches { get; init; } = [];

    /// <summary>Clusters.</summary>
    public IReadOnlyList<Guid> Clusters { get; init; } = [];

    /// <summary>Rules.</summary>
    public IReadOnlyList<RuleConfig> Rules { get; init; } = [];
}
