namespace VProtect.Connectors.Contract;

/// <summary>What a platform, as connected, can do. Requests beyond it are refused before anything is touched.</summary>
public sealed record ConnectorCapabilities
{
    /// <summary>Whether changed blocks can be asked for; otherwise every backup reads and compares everything.</summary>
    public required bool ChangedBlocks { get; init; }

    /// <summary>Whether guest file systems can be frozen for the instant of the snapshot.</summary>
    public required bool Quiesce { get; init; }

    /// <summary>Whether machines that are switched off can be backed up.</summary>
    public required bool OfflineBackup { get; init; }

    /// <summary>Whether snapshots can be created, listed, reverted and removed.</summary>
    public required bool Snapshots { get; init; }

    /// <summary>Whether a machine can be created from a backup.</summary>
    public required bool Restore { get; init; }

    /// <summary>Whether existing disks can be written in place, so that only differences need to be.</summary>
    public required bool RestoreInPlace { get; init; }

    /// <summary>Whether commands can be run inside machines.</summary>
    public required bool GuestCommands { get; init; }

    /// <summary>Whether files can be written into machines that run; then commands can be run there too.</summary>
    public required bool GuestFiles { get; init; }

    /// <summary>Whether <see cref="IConnector.WaitForChangeAsync"/> ever completes.</summary>
    public required bool Events { get; init; }
}

/// <summary>What a look at a platform found.</summary>
/// <param name="IsUsable">Whether inventory and backup can work.</param>
/// <param name="Product">Name and version of what answered, or null.</param>
/// <param name="Findings">What is amiss and what to do about it, a sentence or two each; empty when all is well.</param>
public sealed record PlatformCheck(bool IsUsable, string? Product, IReadOnlyList<string> Findings);
