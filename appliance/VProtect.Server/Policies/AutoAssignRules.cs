namespace VProtect.Server.Policies;

/// <summary>Which machines belong to a policy by themselves. Immutable.</summary>
/// <remarks>
/// Any exclusion wins over all inclusions; inclusions are joined by OR. Clusters narrow the choice to their machines; where clusters are
/// all that is given, all of their machines belong. Without inclusions and clusters nothing does.
/// </remarks>
internal sealed class AutoAssignRules
{
    /// <summary>Tags that include; compared with regard to case.</summary>
    public IReadOnlyList<string> IncludeTags { get; init; } = [];

    /// <summary>Tags that exclude.</summary>
    public IReadOnlyList<string> ExcludeTags { get; init; } = [];

    /// <summary>Names that include.</summary>
    public IReadOnlyList<NamePattern> IncludeNames { get; init; } = [];

    /// <summary>Names that exclude.</summary>
    public IReadOnlyList<NamePattern> ExcludeNames { get; init; } = [];

    /// <summary>Clusters.</summary>
    public IReadOnlyList<Guid> Clusters { get; init; } = [];

    /// <summary>Whether a machine belongs.</summary>
    public bool Match(MachineFacts machine) => !Excludes(machine) && Includes(machine);

    private bool Excludes(MachineFacts machine) =>
        ExcludeTags.Any(machine.Tags.Contains) || ExcludeNames.Any(pattern => pattern.Matches(machine.Name));

    private bool Includes(MachineFacts machine)
    {
        bool inCluster = machine.ClusterGuid is { } cluster && Clusters.Contains(cluster);
        if (IncludeTags.Count == 0 && IncludeNames.Count == 0)
        {
            return inCluster;
        }

        return (Clusters.Count == 0 || inCluster)
            && (IncludeTags.Any(machine.Tags.Contains) || IncludeNames.Any(pattern => pattern.Matches(machine.Name)));
    }
}
