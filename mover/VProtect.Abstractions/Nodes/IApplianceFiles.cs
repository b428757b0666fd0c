namespace VProtect.Abstractions.Nodes;

/// <summary>What a server hands to the node beside it so that a copy of the appliance can be kept. Safe for any number of callers.</summary>
public interface IApplianceFiles
{
    /// <summary>Writes the catalog, as it is at one instant and while others go on, into a new file, and gives what else belongs to the appliance.</summary>
    /// <param name="catalogPath">The file; its directory must be closed to others.</param>
    /// <param name="cancellationToken">Gives up; the file may then be half written.</param>
    /// <returns>Small files by their names in the data directory, secrets among them: for an encrypted repository only.</returns>
    Task<IReadOnlyList<ApplianceFile>> WriteAsync(string catalogPath, CancellationToken cancellationToken);
}

/// <summary>A small file of an appliance. Its content may be secret.</summary>
/// <param name="Name">Relative to the data directory, with <c>/</c> between segments.</param>
/// <param name="Content">Its bytes.</param>
public sealed record ApplianceFile(string Name, ReadOnlyMemory<byte> Content)
{
    /// <summary>The name only.</summary>
    public override string ToString() => Name;
}
