using VProtect.Abstractions;
using VProtect.Connectors.Contract;
using VProtect.Mover.Acquire.BlockSource;
using VProtect.Mover.Deliver.BlockTarget;
using VProtect.Mover.Qemu;

namespace VProtect.Connectors.Tests.Conformance;

/// <summary>
/// A platform to check a connector against, and what a guest, its administrator and a power cut would do to it. One per test; nothing
/// is on it but what the test adds. Disposing removes everything.
/// </summary>
public abstract class ConformancePlatform : IAsyncDisposable
{
    /// <summary>What is checked.</summary>
    public abstract IConnectorFactory Factory { get; }

    /// <summary>How to get in.</summary>
    public abstract ConnectorEndpoint Endpoint { get; }

    /// <summary>Where nothing answers; with a secret, so that errors can be searched for it.</summary>
    public abstract ConnectorEndpoint UnreachableEndpoint { get; }

    /// <summary>With a wrong secret; null where everybody gets in.</summary>
    public virtual ConnectorEndpoint? DeniedEndpoint => null;

    /// <summary>Size of disks in tests: a multiple of 1 MiB, and at least 4 of them.</summary>
    public virtual int DiskBytes => 4 << 20;

    /// <summary>Rounds of tests that try something at many moments.</summary>
    public virtual int Rounds => 8;

    /// <summary>Makes a machine with disks of zeros and one network card.</summary>
    /// <returns>Its uuid.</returns>
    public abstract Task<string> AddMachineAsync(string name, bool isRunning, int diskCount);

    /// <summary>Removes a machine and its disks.</summary>
    public abstract Task RemoveMachineAsync(string uuid);

    public abstract Task RenameMachineAsync(string uuid, string name);

    /// <summary>Switches a machine off.</summary>
    public abstract Task PowerOffAsync(string uuid);

    /// <summary>Writes as the guest would, also when the machine is off; has returned when every later instant must show it.</summary>
    /// <param name="uuid">The machine.</param>
    /// <param name="disk">Id of its disk.</param>
    /// <param name="offsetBytes">A multiple of 512.</param>
    /// <param name="bytes">A multiple of 512 bytes.</param>
    public abstract Task WriteAsync(string uuid, string disk, long offsetBytes, ReadOnlyMemory<byte> bytes);

    /// <summary>All bytes of a disk as the guest would read them now.</summary>
    public abstract Task<byte[]> ReadAsync(string uuid, string disk);

    /// <summary>Makes a snapshot that is not ours.</summary>
    /// <returns>Its id, or null where nobody but us makes snapshots.</returns>
    public abstract Task<string?> AddForeignSnapshotAsync(string uuid, string name);

    /// <summary>Network of a machine's first network card, as the inventory calls it.</summary>
    public abstract Task<string> NetworkOfAsync(string uuid);

    /// <summary>
    /// What bears a task's mark and is not complete, a line each that contains the mark. Snapshots that the platform keeps
    /// and checkpoints of committed backups are not among it.
    /// </summary>
    public abstract Task<IReadOnlyList<string>> LeftoversAsync();

    /// <summary>Does to an open access what the death of its process does: by default nothing, it is only forgotten.</summary>
    public virtual Task CrashAsync(IAsyncDisposable access) => Task.CompletedTask;

    /// <summary>Opens a disk of a backup as the product does.</summary>
    public virtual ValueTask<IBlockSource> OpenSourceAsync(DiskEndpoint endpoint, CancellationToken cancellationToken) => endpoint switch
    {
        DiskEndpoint.Source source => source.OpenAsync(cancellationToken),
        DiskEndpoint.File { Format: "raw" } file => BlockSourceFactory.OpenAsync(file.Path, new SourceOptions { Format = ImageFormat.Raw }, cancellationToken),
        _ => throw new NotSupportedException($"Override {nameof(OpenSourceAsync)} for {endpoint}."),
    };

    /// <summary>Opens a disk of a restore as the product does.</summary>
    public virtual ValueTask<IBlockTarget> OpenTargetAsync(RestoreAccessDisk disk, long sizeBytes, CancellationToken cancellationToken) => disk.Endpoint switch
    {
        DiskEndpoint.Target target => target.OpenAsync(cancellationToken),
        DiskEndpoint.File { Format: "raw" } file => BlockTargetFactory.OpenAsync(
            file.Path, new TargetOptions { SizeBytes = sizeBytes, Format = ImageFormat.Raw, Differential = disk.IsExisting }, cancellationToken),
        _ => throw new NotSupportedException($"Override {nameof(OpenTargetAsync)} for {disk.Endpoint}."),
    };

    public abstract ValueTask DisposeAsync();
}
