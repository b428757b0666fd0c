using Microsoft.Extensions.Logging;
using VProtect.Mover.Documents;
using VProtect.Mover.Store;
using VProtect.Mover.View.Iscsi;
using VProtect.Mover.View.Overlay;
using VProtect.Nbd.Server;

namespace VProtect.Mover.View;

/// <summary>A disk of a mounted restore point.</summary>
/// <param name="Name">Its name in the restore point, and of its export.</param>
/// <param name="Below">The restore point's bytes.</param>
/// <param name="Overlay">What takes writes; null when it is read-only.</param>
/// <param name="OverlayPath">Its file.</param>
public sealed record MountedDisk(string Name, VirtualDisk Below, OverlayDisk? Overlay, string? OverlayPath);

/// <summary>Which disks of a restore point are mounted, and how.</summary>
public sealed record MountedDisksOptions
{
    /// <summary>Those that clients see, by name; null for all of the machine's.</summary>
    public IReadOnlyCollection<string>? Names { get; init; }

    /// <summary>The overlay's file of a disk, made when it is missing; null for a read-only disk.</summary>
    public Func<string, string?> OverlayOf { get; init; } = static _ => null;

    /// <summary>Whether the machine's other disks are opened too, for a restore point that is made of all of them.</summary>
    public bool OpensAll { get; init; }
}

/// <summary>The disks of a mounted restore point. Owns them; not the repository, nor the cache.</summary>
public sealed class MountedDisks : IAsyncDisposable
{
    private readonly RestorePoint _point;
    private readonly List<MountedDisk> _disks = [];

    private MountedDisks(RestorePoint point) => _point = point;

    /// <summary>Those that clients see.</summary>
    public IReadOnlyList<MountedDisk> Served { get; private set; } = [];

    /// <summary>Opens disks; at once, whatever their size. The cache may be shared with others, and outlives them.</summary>
    /// <exception cref="Abstractions.VProtectException">There is no such disk, or an overlay cannot be used with this restore point.</exception>
    public static async Task<MountedDisks> OpenAsync(
        ChunkStore chunks, Repository repository, RestorePoint point, MountedDisksOptions options, ViewCache cache, ILogger log, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var disks = new MountedDisks(point);
        try
        {
            RestorePointDisk[] served = options.Names is null ? [.. point.MachineDisks] : [.. options.Names.Select(point.GetDisk)];
            foreach (RestorePointDisk disk in options.OpensAll ? point.MachineDisks : served)
            {
                VirtualDisk below = await VirtualDisk.OpenAsync(chunks, point, disk, cache, log, time, cancellationToken);
                disks._disks.Add(new MountedDisk(disk.Name, below, Overlay: null, OverlayPath: null));
                if (served.Contains(disk) && options.OverlayOf(disk.Name) is { } path)
                {
                    disks._disks[^1] = new MountedDisk(disk.Name, below, OverlayDisk.Open(path, below, OverlayBases.Of(repository, below), time), path);
                }
            }

            disks.Served = [.. disks._disks.Where(disk => served.Any(one => one.Name == disk.Name))];
            return disks;
        }
        catch
        {
            await disks.DisposeAsync();
            throw;
        }
    }

    /// <summary>Offers the disks that clients see, each by its name.</summary>
    public void AddExportsTo(NbdServer server, string description)
    {
        foreach (MountedDisk disk in Served)
        {
            server.AddExport(disk.Name, ExportOf(disk, description));
        }
    }

    /// <summary>The disks that clients see as the logical units of an iSCSI target, in their order.</summary>
    /// <param name="writtenAs">What stands for what is written to them: the same again with the same overlays. Disks without an overlay are the same wherever they are mounted.</param>
    public IReadOnlyList<IscsiDisk> ToIscsi(string writtenAs) =>
    [
        .. Served.Select(disk => new IscsiDisk(
            ExportOf(disk, description: null),
            disk.Overlay is null ? IscsiNames.IdentityOf(_point.Id, disk.Name) : IscsiNames.IdentityOf(_point.Id, disk.Name, writtenAs))),
    ];

    private static INbdExport ExportOf(MountedDisk disk, string? description) =>
        disk.Overlay is { } overlay ? new OverlayExport(overlay, description) : new VirtualDiskExport(disk.Below, description);

    /// <summary>What a backup of them reads: what was written to the overlays, as the machine's next restore point.</summary>
    /// <param name="chunks">Where the restore point is.</param>
    /// <param name="label">A remark kept with the new one; null for none.</param>
    /// <param name="warn">Told of what goes on in spite of it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<BackupRequest> ToBackupAsync(ChunkStore chunks, string? label, Action<string> warn, CancellationToken cancellationToken) => new()
    {
        Machine = _point.Machine,
        Parent = _point.Id,
        Label = label,
        OnWarning = warn,
        Documents = await DocumentReading.ReadAsync(chunks, _point, cancellationToken),

        // Disks without an overlay too, read not at all: a restore point is the whole machine.
        Disks = [.. _disks.Select(disk => new BackupDisk(disk.Name, new OverlaySource(disk.Overlay is { } overlay ? overlay : disk.Below, _point.Id)))],
    };

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (MountedDisk disk in _disks)
        {
            if (disk.Overlay is { } overlay)
            {
                await overlay.DisposeAsync();
            }

            await disk.Below.DisposeAsync();
        }
    }
}
