using Microsoft.Extensions.Logging;
using VProtect.Mover.Store;
using VProtect.Mover.View;
using VProtect.Mover.View.Overlay;

namespace VProtect.Appliance.Cli;

/// <summary>A disk of a mounted restore point, with its overlay if it has one.</summary>
internal sealed record MountedDisk(string Name, VirtualDisk Below, OverlayDisk? Overlay, string? OverlayPath);

/// <summary>The disks of a mounted restore point. Owns them; not the repository.</summary>
internal sealed class MountedDisks : IAsyncDisposable
{
    private readonly List<MountedDisk> _disks = [];
    private ViewCache? _cache;

    /// <summary>All of the machine's when a restore point is to be made of them, else those that are served.</summary>
    public IReadOnlyList<MountedDisk> All => _disks;

    /// <summary>Those that clients see.</summary>
    public IReadOnlyList<MountedDisk> Served { get; private set; } = [];

    public static async Task<MountedDisks> OpenAsync(
        OpenedRepository opened, RestorePoint point, MountVerb.Order order, ILogger log, CancellationToken cancellationToken)
    {
        var disks = new MountedDisks();
        try
        {
            RestorePointDisk[] served = order.Disk is null ? [.. point.MachineDisks] : [point.GetDisk(order.Disk)];
            ViewCache cache = disks._cache = new ViewCache(new ViewOptions { CacheBytes = order.CacheBytes });
            foreach (RestorePointDisk disk in order.IsCommit ? point.MachineDisks : served)
            {
                VirtualDisk below = await VirtualDisk.OpenAsync(opened.Chunks, point, disk, cache, log, TimeProvider.System, cancellationToken);
                disks._disks.Add(new MountedDisk(disk.Name, below, null, null));
                if (order.Overlay is { } path && served.Contains(disk))
                {
                    path = Path.GetFullPath(served.Length == 1 ? path : $"{path}-{disk.Name}");
                    OverlayDisk overlay = OverlayDisk.Open(path, below, OverlayBases.Of(opened.Repository, below), TimeProvider.System);
                    disks._disks[^1] = new MountedDisk(disk.Name, below, overlay, path);
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

        _cache?.Dispose();
    }
}
