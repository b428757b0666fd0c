using VProtect.Abstractions;

namespace VProtect.Connectors.Contract;

/// <summary>How restored disks take their space.</summary>
public enum DiskAllocation
{
    /// <summary>As little as their content needs.</summary>
    Sparse = 0,

    /// <summary>All of it at once.</summary>
    Preallocated = 1,
}

/// <summary>What is to be restored to a platform.</summary>
public sealed record RestoreOpening
{
    /// <summary>The task it is for; what is made carries its mark until it is complete.</summary>
    public required string TaskGuid { get; init; }

    /// <summary>The documents kept with the restore point.</summary>
    public required IReadOnlyList<MachineDocument> Documents { get; init; }

    /// <summary>The disks to write.</summary>
    public required IReadOnlyList<RestoreDisk> Disks { get; init; }

    /// <summary>Name of the machine to be made; null for the one it had.</summary>
    public string? Name { get; init; }

    /// <summary>A machine whose disks are to be overwritten in place; null to make a new one.</summary>
    public string? OverwriteMachineUuid { get; init; }

    /// <summary>Whether the new machine keeps its identities (uuid, hardware addresses); they must then be free. Default false: new ones.</summary>
    public bool KeepsIdentity { get; init; }

    /// <summary>Host, by id; null for the platform's choice.</summary>
    public string? HostId { get; init; }

    /// <summary>Storage for disks that do not name their own; null for the platform's default.</summary>
    public string? StorageId { get; init; }

    /// <summary>Network of each network card, by its position; missing ones as they were.</summary>
    public IReadOnlyDictionary<int, string> Networks { get; init; } = new Dictionary<int, string>();

    /// <summary>How disks take their space.</summary>
    public DiskAllocation Allocation { get; init; }
}

/// <summary>A disk to be restored.</summary>
/// <param name="Id">As in the restore point.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="StorageId">Where, or null for <see cref="RestoreOpening.StorageId"/>.</param>
public sealed record RestoreDisk(string Id, long SizeBytes, string? StorageId);

/// <summary>
/// Disks of a machine, open for writing. Disposing without <see cref="CompleteAsync"/> removes a new machine and its disks; overwritten
/// disks stay half written, which the machine's state on the platform shows where it can.
/// </summary>
public interface IRestoreAccess : IAsyncDisposable
{
    /// <summary>The disks, as asked for.</summary>
    IReadOnlyList<RestoreAccessDisk> Disks { get; }

    /// <summary>What the administrator should know. Grows until disposed.</summary>
    IReadOnlyList<string> Warnings { get; }

    /// <summary>All disks are written: makes the machine usable, and starts it when asked to.</summary>
    /// <returns>The platform's identity of the machine.</returns>
    Task<string> CompleteAsync(bool powerOn, CancellationToken cancellationToken);
}

/// <summary>A writable disk.</summary>
/// <param name="Id">As in the restore point.</param>
/// <param name="IsExisting">Whether it holds an older state, so that only differences need to be written.</param>
/// <param name="Endpoint">Where to write, for as long as the access is open.</param>
public sealed record RestoreAccessDisk(string Id, bool IsExisting, DiskEndpoint Endpoint);
