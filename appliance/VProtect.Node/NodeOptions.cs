using VProtect.Abstractions.Nodes;

namespace VProtect.Node;

/// <summary>How a node works.</summary>
public sealed record NodeOptions
{
    /// <summary>Which node it is, as the server knows it.</summary>
    public required string NodeGuid { get; init; }

    /// <summary>
    /// Directory of what the node keeps: outcomes that the server does not know yet, chunk indexes, ledgers. Made when missing; local disk.
    /// One node uses it at a time.
    /// </summary>
    public required string StatePath { get; init; }

    /// <summary>Directories of the appliance besides <see cref="StatePath"/> that nothing is restored into. Default none.</summary>
    public IReadOnlyList<string> ProtectedPaths { get; init; } = [];

    /// <summary>PEM file of the certificate that mounts over TLS show, then its issuers. Null (default): no mount can have TLS.</summary>
    public string? TlsCertificatePath { get; init; }

    /// <summary>PEM file of its key.</summary>
    public string? TlsKeyPath { get; init; }

    /// <summary>Is told who uses mounts; null (default) nobody.</summary>
    public IMountUses? MountUses { get; init; }

    /// <summary>The server beside this node, whose copy it can keep; null when there is none. Default none.</summary>
    public IApplianceFiles? ApplianceFiles { get; init; }

    /// <summary>Backups, restores, collections and verifications at once, 1 to 64. Default 64: the server's limit of the node counts. Other work takes no slot.</summary>
    public int SlotsMax { get; init; } = 64;

    /// <summary>Bytes of buffers of one backup, at least 8 MiB. Default 48 MiB. All backups at once: times <see cref="SlotsMax"/>.</summary>
    public long BufferBytes { get; init; } = 48L << 20;

    /// <summary>Memory of the chunk index of one open repository, in bytes, taken as it fills. Default 1 GiB.</summary>
    public long IndexMemoryBytesMax { get; init; } = 1L << 30;

    /// <summary>For how long a repository that nobody uses stays open. Default 5 minutes; zero closes it at once.</summary>
    public TimeSpan RepositoryIdleTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Between two reports of a running task, when its stage does not change. Default 0.8 s, at most 5 s.</summary>
    public TimeSpan ReportPeriod { get; init; } = TimeSpan.FromSeconds(0.8);

    /// <summary>What a stopping node waits for its tasks to clean up and for the server to hear of them. Default 4 s.</summary>
    public TimeSpan StopTimeMax { get; init; } = TimeSpan.FromSeconds(4);
}
