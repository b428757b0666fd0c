namespace VProtect.Abstractions.Nodes;

/// <summary>The files of what a node has mounted, for a person who browses: asked and answered at once, by no task.</summary>
public interface INodeFiles
{
    /// <summary>The files of a mount.</summary>
    /// <param name="mountGuid">As in <see cref="MountWork.MountGuid"/>.</param>
    /// <exception cref="VProtectException"><see cref="ErrorCode.GuestFilesRefused"/>: the node does not serve it at the moment.</exception>
    IGuestFiles FilesOf(string mountGuid);
}
