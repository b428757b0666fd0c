using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Mover.Reduce.Zstd;

namespace VProtect.Node.Mounts;

/// <summary>What the node in this process has mounted, for the server in it. Safe from several threads.</summary>
public sealed class MountedFiles : INodeFiles
{
    private const int CompressionLevel = 3;

    private volatile MountBook? _book;

    /// <inheritdoc/>
    public IGuestFiles FilesOf(string mountGuid) => _book?.FilesOf(mountGuid) ?? throw new VProtectException(
        ErrorCode.GuestFilesRefused, ErrorSide.Request, "The mount is not served at the moment.", "Wait until it is mounted, or mount the restore point again.", RetryAdvice.Later);

    /// <inheritdoc/>
    public async Task CompressAsync(Stream target, Func<Stream, Task> write, CancellationToken cancellationToken)
    {
        await using var zstd = new ZstdStream(target, CompressionLevel);
        await write(zstd);
        await zstd.FinishAsync(cancellationToken);
    }

    /// <summary>The node begins, or ends.</summary>
    internal void Follow(MountBook? book) => _book = book;
}
