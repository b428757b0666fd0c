namespace VProtect.Abstractions.Nodes;

/// <summary>What an administrator says of how a node works. Comes with each order and holds from then on; the rate for what runs already, too.</summary>
public sealed record NodeSettings
{
    /// <summary>Absolute directories that files may be restored into or below; null or empty: any but the appliance's own and repositories.</summary>
    public IReadOnlyList<string>? RestorePaths { get; init; }

    /// <summary>Bytes per second that all backups of the node together read from platforms; 0 no limit.</summary>
    public long BackupBytesPerSecondMax { get; init; }

    /// <summary>Bytes of the local file that keeps what mounts read from object storage; null as many as the node thinks fit, 0 no file.</summary>
    public long? MountCacheBytesMax { get; init; }

    /// <summary>Whether that file also keeps what mounts read from shares (NFS, CIFS).</summary>
    public bool MountCacheHoldsShares { get; init; }

    /// <summary>How long reads of mounts wait for a repository that is away before they fail; null as long as the node thinks fit.</summary>
    public TimeSpan? MountStallMax { get; init; }

    /// <summary>Absolute directory for temporary work: indexes and ledgers of one run, and the file of the mounts' cache; null the usual places. For what begins from then on.</summary>
    public string? WorkPath { get; init; }

    /// <summary>
    /// After so long without an answer of the server, work that must not go on beside another's ends by itself: a little later the server takes it for lost. Null never.
    /// </summary>
    public TimeSpan? SilenceMax { get; init; }
}
