using VProtect.Abstractions;

namespace VProtect.Connectors.Contract;

/// <summary>
/// A virtualization platform, as one connection to one of its endpoints. A connector tells <em>where</em> the bytes are and
/// <em>which</em> of them changed; the mover knows how to read them. The contract that every platform's tests check is the
/// conformance suite in tests/VProtect.Connectors.Tests.
/// <list type="bullet">
/// <item>Whatever a connector makes on the platform (snapshot, checkpoint, export, scratch file) carries the mark of the task it is for (<see cref="TaskMark"/>), is gone
/// after its access was disposed, and is found by <see cref="CleanUpAsync"/> after a crash.</item>
/// <item>An operation that the platform does not know is refused with <see cref="ErrorCode.NotSupported"/>; <see cref="Capabilities"/> tells before.</item>
/// <item>Failures are <see cref="VProtectException"/> with <see cref="ErrorSide.Platform"/>; <see cref="VProtectException.Retry"/> says whether trying again may help.</item>
/// </list>
/// Safe to call from several threads; disposed by whoever opened it, which ends no access that is still open.
/// </summary>
public interface IConnector : IAsyncDisposable
{
    /// <summary>What this platform can do.</summary>
    ConnectorCapabilities Capabilities { get; }

    /// <summary>Connects and looks whether everything needed is there.</summary>
    /// <returns>Version and what is amiss, in sentences an administrator can act upon; never an exception for what a check is there to find.</returns>
    ValueTask<PlatformCheck> CheckAsync(CancellationToken cancellationToken);

    /// <summary>Everything there is to protect, and where it could be restored to. A snapshot; the caller owns it.</summary>
    Task<Inventory> ReadInventoryAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Completes when something in the inventory has changed since <see cref="ReadInventoryAsync"/>, at the latest after the platform's own
    /// idea of a period; a platform without events never completes.
    /// </summary>
    Task WaitForChangeAsync(CancellationToken cancellationToken);

    /// <summary>Makes all wanted disks of a machine readable as they were at one instant.</summary>
    Task<IBackupAccess> OpenBackupAsync(BackupOpening opening, CancellationToken cancellationToken);

    /// <summary>Makes a machine, or opens one that is there, so that its disks can be written.</summary>
    Task<IRestoreAccess> OpenRestoreAsync(RestoreOpening opening, CancellationToken cancellationToken);

    /// <summary>Creates a snapshot that the platform keeps.</summary>
    Task<MachineSnapshot> CreateSnapshotAsync(SnapshotCreation creation, CancellationToken cancellationToken);

    /// <summary>Snapshots of a machine, oldest first, ours and others'.</summary>
    Task<IReadOnlyList<MachineSnapshot>> ListSnapshotsAsync(string machineUuid, CancellationToken cancellationToken);

    /// <summary>Sets a machine back to a snapshot.</summary>
    Task RevertSnapshotAsync(string machineUuid, string snapshotId, CancellationToken cancellationToken);

    /// <summary>Removes a snapshot of ours. Nothing happens when it is gone already.</summary>
    Task RemoveSnapshotAsync(string machineUuid, string snapshotId, CancellationToken cancellationToken);

    /// <summary>Runs a command inside a machine, through the platform's guest agent.</summary>
    Task<GuestCommandResult> RunInGuestAsync(GuestCommand command, CancellationToken cancellationToken);

    /// <summary>Looks whether files can be written into a machine, before anything is.</summary>
    /// <exception cref="VProtectException">They cannot; it says what is to be changed, and where.</exception>
    Task CheckGuestFilesAsync(string machineUuid, CancellationToken cancellationToken);

    /// <summary>Makes a file in a machine, through the platform's guest agent; one that is there is emptied. The caller disposes it.</summary>
    /// <param name="machineUuid">The machine.</param>
    /// <param name="path">Absolute, as the guest writes paths; its folder is there.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IGuestFileWriter> CreateGuestFileAsync(string machineUuid, string path, CancellationToken cancellationToken);

    /// <summary>Removes what killed tasks left behind: everything of ours whose task is not among <paramref name="running"/>.</summary>
    /// <returns>A sentence for each thing removed, or that could not be.</returns>
    Task<IReadOnlyList<string>> CleanUpAsync(IReadOnlySet<string> running, CancellationToken cancellationToken);
}

/// <summary>Opens connectors of one platform.</summary>
public interface IConnectorFactory
{
    /// <summary>Stable name of the platform, as in the catalog and the API: <c>KVM</c>, <c>VMWARE</c> …</summary>
    string Platform { get; }

    /// <summary>What this machine lacks to work with the platform, and how to get it; null when it has all. Looked at again each time.</summary>
    string? Missing { get; }

    /// <summary>Opens a connection. Nothing is contacted before the first call.</summary>
    /// <exception cref="VProtectException">The endpoint is not written as this platform needs it; the message names the field.</exception>
    IConnector Open(ConnectorEndpoint endpoint);
}

/// <summary>Where a platform is and how to get in.</summary>
/// <param name="Address">URI or host name, as the platform's README tells.</param>
/// <param name="Login">User name, or empty.</param>
/// <param name="Secret">Password, token or private key; never logged. Null when none is needed.</param>
/// <param name="Settings">Further settings by name, as the platform's README tells.</param>
public sealed record ConnectorEndpoint(string Address, string Login, string? Secret, IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>The address only, so that no log holds a secret.</summary>
    public override string ToString() => Address;
}

/// <summary>What carries our mark on a platform: <c>vprotect-</c> and the task's guid without dashes.</summary>
public static class TaskMark
{
    /// <summary>What every mark begins with.</summary>
    public const string Prefix = "vprotect-";

    /// <summary>The mark of a task.</summary>
    public static string Of(string taskGuid) => Prefix + taskGuid.Replace("-", "", StringComparison.Ordinal);
}
