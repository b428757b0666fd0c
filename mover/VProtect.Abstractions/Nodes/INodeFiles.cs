namespace VProtect.Abstractions.Nodes;

/// <summary>The files of what a node has mounted, for a person who browses: asked and answered at once, by no task.</summary>
public interface INodeFiles
{
    /// <summary>The files of a mount.</summary>
    /// <param name="mountGuid">As in <see cref="MountWork.MountGuid"/>.</param>
    /// <exception cref="VProtectException"><see cref="ErrorCode.GuestFilesRefused"/>: the node does not serve it at the moment.</exception>
    IGuestFiles FilesOf(string mountGuid);

    /// <summary>Writes what is written to its argument to the target, as one zstd frame, which has an end only if that succeeds.</summary>
    /// <param name="target">Receives the frame; need not seek, stays open.</param>
    /// <param name="write">Writes, asynchronously.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task CompressAsync(Stream target, Func<Stream, Task> write, CancellationToken cancellationToken);
}
