namespace VProtect.Connectors.Contract;

/// <summary>
/// A platform that starts a machine whose disks a node serves, before they are restored. What a connector of such a platform also is. Such a machine is known by the
/// <see cref="BootOpening.MountGuid"/> of the mount that its disks are in: every method finds it by that, and may be called again after any failure or crash.
/// </summary>
public interface IMachineBoot
{
    /// <summary>How host and node see each other.</summary>
    Task<BootReach> FindReachAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Makes a machine on disks that a node serves, and starts it. One that is there already is left as it is.
    /// </summary>
    /// <returns>What is not as it was, in sentences.</returns>
    Task<IReadOnlyList<string>> BootAsync(BootOpening opening, CancellationToken cancellationToken);

    /// <summary>Looks whether it stands still because its disks were away, and lets it go on. Asked for again and again as long as they are served.</summary>
    /// <returns>Whether it stood still.</returns>
    Task<bool> AttendAsync(string mountGuid, CancellationToken cancellationToken);

    /// <summary>Copies its disks to the platform's storage while it runs, and makes it a machine like any other. One that is that already is left as it is.</summary>
    /// <param name="mountGuid">Which.</param>
    /// <param name="storageId">Storage, by the platform's id; null for the platform's choice.</param>
    /// <param name="progress">Is told the bytes that are copied and their number in all, now and then.</param>
    /// <param name="cancellationToken">Gives up: then the machine runs on as before, and what was copied is removed.</param>
    Task KeepAsync(string mountGuid, string? storageId, Action<long, long> progress, CancellationToken cancellationToken);

    /// <summary>Switches it off and removes it, with what was copied of it. One that was kept is not touched; one that is not there is no failure.</summary>
    /// <param name="mountGuid">Which.</param>
    /// <param name="keepsData">
    /// Whether what it wrote is still needed: then it is asked to shut down first, and refused when some of its disks were moved to the platform's storage already.
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What somebody should know, in sentences.</returns>
    Task<IReadOnlyList<string>> RemoveAsync(string mountGuid, bool keepsData, CancellationToken cancellationToken);
}

/// <summary>How host and node see each other.</summary>
/// <param name="NodeAddress">The node's IP address as the host sees it.</param>
/// <param name="HostAddress">The host's IP address as the node sees it; null when they are one machine.</param>
public sealed record BootReach(string NodeAddress, string? HostAddress);

/// <summary>A machine that is to be started on disks which a node serves.</summary>
public sealed record BootOpening
{
    /// <summary>The mount its disks are in: a guid.</summary>
    public required string MountGuid { get; init; }

    /// <summary>The documents kept with the restore point.</summary>
    public required IReadOnlyList<MachineDocument> Documents { get; init; }

    /// <summary>Where its disks are.</summary>
    public required IReadOnlyList<BootDisk> Disks { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it reaches nobody: its network cards are there and their cables are not.</summary>
    public bool IsIsolated { get; init; } = true;

    /// <summary>Network of each network card, by its position; missing ones as they were. Of no effect when it is isolated, until it is kept.</summary>
    public IReadOnlyDictionary<int, string> Networks { get; init; } = new Dictionary<int, string>();

    /// <summary>Whether one that is off is started; false after a restart of the node, since its users may have shut it down.</summary>
    public bool StartsIfOff { get; init; } = true;
}

/// <summary>A disk that a node serves over NBD.</summary>
/// <param name="Id">As in the restore point.</param>
/// <param name="Address">IP address.</param>
/// <param name="Port">TCP port.</param>
/// <param name="Export">Name of the export.</param>
public sealed record BootDisk(string Id, string Address, int Port, string Export);
