namespace VProtect.Abstractions;

/// <summary>
/// The file systems on a restore point's disks, to be read. Safe from several threads. All that is told is the guest's and may be made up. Fails with
/// <see cref="ErrorCode.GuestFilesRefused"/> for what is not there or cannot be had, <see cref="ErrorCode.GuestFilesBroken"/> when a file system breaks its reader.
/// </summary>
public interface IGuestFiles
{
    /// <summary>What is on the disks.</summary>
    Task<IReadOnlyList<GuestVolume>> ListVolumesAsync(CancellationToken cancellationToken);

    /// <summary>Unlocks an encrypted volume (LUKS); another appears for what is in it. The pass phrase is kept in memory for as long as the disks are open.</summary>
    Task UnlockAsync(string volume, string passPhrase, CancellationToken cancellationToken);

    /// <summary>The entries of a folder, in no order.</summary>
    /// <param name="volume">Which, by <see cref="GuestVolume.Id"/>.</param>
    /// <param name="path">The folder, from the volume's root, as names are written.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<GuestFile>> ListAsync(string volume, string path, CancellationToken cancellationToken);

    /// <summary>One entry.</summary>
    Task<GuestFile> FindAsync(string volume, string path, CancellationToken cancellationToken);

    /// <summary>What is below a folder, folders before what is in them, named by their paths from there.</summary>
    /// <param name="volume">Which.</param>
    /// <param name="path">The folder.</param>
    /// <param name="name">Only entries whose name holds this, in any case; empty for all.</param>
    /// <param name="countMax">Entries at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The entries, and whether there are more.</returns>
    Task<(IReadOnlyList<GuestFile> Files, bool HasMore)> WalkAsync(string volume, string path, string name, int countMax, CancellationToken cancellationToken);

    /// <summary>Reads a file's content. What the guest's file system gives; it may be less than the entry promised.</summary>
    /// <param name="volume">Which.</param>
    /// <param name="path">The file.</param>
    /// <param name="offsetBytes">From where.</param>
    /// <param name="lengthBytes">How much at most.</param>
    /// <param name="write">Takes the bytes, in order.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Bytes that were read.</returns>
    Task<long> ReadAsync(
        string volume, string path, long offsetBytes, long lengthBytes, Func<ReadOnlyMemory<byte>, ValueTask> write, CancellationToken cancellationToken);
}
