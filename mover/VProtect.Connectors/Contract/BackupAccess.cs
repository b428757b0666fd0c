using VProtect.Abstractions;

namespace VProtect.Connectors.Contract;

/// <summary>Whether guest file systems are frozen for the instant of a snapshot.</summary>
public enum QuiesceMode
{
    /// <summary>As a power cut would leave them.</summary>
    No = 0,

    /// <summary>Frozen; when that fails, not, with a warning.</summary>
    Try = 1,

    /// <summary>Frozen, or the backup fails.</summary>
    Require = 2,
}

/// <summary>What is to be made readable.</summary>
/// <param name="TaskGuid">The task it is for; what is made carries its mark.</param>
/// <param name="MachineUuid">The machine.</param>
/// <param name="ExcludedDisks">Disks to leave out, by id.</param>
/// <param name="Quiesce">Whether to freeze.</param>
/// <param name="Parents">The disks of the restore point to build upon, by disk id; empty for a full backup.</param>
public sealed record BackupOpening(
    string TaskGuid, string MachineUuid, IReadOnlySet<string> ExcludedDisks, QuiesceMode Quiesce, IReadOnlyDictionary<string, ParentDisk> Parents)
{
    /// <summary>
    /// Where the restore point goes, by a name that stays (the destination's guid): changes are recorded for each destination apart, and a full
    /// backup then lets go of the record it replaces. Empty: not told, and only <see cref="Parents"/> tell which record is built upon.
    /// </summary>
    public string Destination { get; init; } = "";
}

/// <summary>
/// A machine's disks as they were at one instant, readable until this is disposed. Disposing removes everything made for it
/// but what the next incremental backup needs, also after a failure of any kind; it throws nothing, and says in <see cref="Warnings"/> what could not be removed.
/// </summary>
public interface IBackupAccess : IAsyncDisposable
{
    /// <summary>The machine's definition, firmware state and whatever else is needed to make it anew.</summary>
    IReadOnlyList<MachineDocument> Documents { get; }

    /// <summary>The disks, in the machine's order.</summary>
    IReadOnlyList<BackupAccessDisk> Disks { get; }

    /// <summary>What the administrator should know: not frozen, disks skipped, things left behind. Grows until disposed.</summary>
    IReadOnlyList<string> Warnings { get; }

    /// <summary>
    /// Told once the restore point is committed: what the next incremental needs is kept, what only the previous one needed goes.
    /// Without this call everything is as it was before opening, so the next backup builds upon the same parent.
    /// </summary>
    Task CommittedAsync(CancellationToken cancellationToken);
}

/// <summary>A readable disk.</summary>
/// <param name="Id">As in the inventory.</param>
/// <param name="Name">As in the inventory.</param>
/// <param name="Endpoint">Where its bytes are, for as long as the access is open.</param>
public sealed record BackupAccessDisk(string Id, string Name, DiskEndpoint Endpoint);

/// <summary>A small document kept with a restore point.</summary>
/// <param name="Name">What it is, within the restore point: <c>domain.xml</c>.</param>
/// <param name="MediaType">As in HTTP.</param>
/// <param name="Content">Its bytes; all documents of a restore point together are at most 16 MiB.</param>
public sealed record MachineDocument(string Name, string MediaType, ReadOnlyMemory<byte> Content);
