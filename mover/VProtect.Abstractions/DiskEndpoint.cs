namespace VProtect.Abstractions;

/// <summary>Where the bytes of a disk are read or written: what a platform connector says and the mover opens. Holds no secret in its text.</summary>
public abstract record DiskEndpoint
{
    private DiskEndpoint()
    {
    }

    /// <summary>An export of an NBD server.</summary>
    /// <param name="Uri">As the NBD specification writes it: <c>nbd+unix:///vda?socket=/run/x.sock</c>, <c>nbds://host/vda?tls-certificates=DIR</c>.</param>
    public sealed record Nbd(string Uri) : DiskEndpoint
    {
        /// <summary>Name of the QEMU dirty bitmap exported with it, or null.</summary>
        public string? Bitmap { get; init; }

        /// <summary>In place of a bitmap: what may have changed, told by the platform itself; ordered, not overlapping. Null: not told.</summary>
        public IReadOnlyList<Extent>? Changed { get; init; }

        /// <summary>
        /// The token (<see cref="IBlockSource.NextToken"/>) of the backup since which <see cref="Bitmap"/> or <see cref="Changed"/> records changes; opaque.
        /// </summary>
        public string? Since { get; init; }

        /// <summary>What <see cref="IBlockSource.NextToken"/> is to answer: what the next backup asks for; opaque, or null.</summary>
        public string? Next { get; init; }

        /// <summary>Connections at most, 1 to 16; default 4.</summary>
        public int ConnectionsMax { get; init; } = 4;
    }

    /// <summary>A file or block device that this machine reaches.</summary>
    /// <param name="Path">Absolute.</param>
    /// <param name="Format">As qemu-img names it: <c>raw</c>, <c>qcow2</c> …; never guessed, since a guest decides what its raw disk begins with.</param>
    public sealed record File(string Path, string Format) : DiskEndpoint
    {
        /// <summary>Whether the image may draw on its backing files; only for images whose chain the connector has checked.</summary>
        public bool AllowsBackingFiles { get; init; }
    }

    /// <summary>A source of the platform's own kind (an HTTP service of ranges, a snapshot API).</summary>
    /// <param name="OpenAsync">Opens it; the caller owns the source.</param>
    public sealed record Source(Func<CancellationToken, ValueTask<IBlockSource>> OpenAsync) : DiskEndpoint;

    /// <summary>A target of the platform's own kind.</summary>
    /// <param name="OpenAsync">Opens it; the caller owns the target.</param>
    public sealed record Target(Func<CancellationToken, ValueTask<IBlockTarget>> OpenAsync) : DiskEndpoint;
}
