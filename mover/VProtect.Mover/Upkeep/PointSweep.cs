using System.Collections.Concurrent;
using VProtect.Abstractions;
using VProtect.Mover.Store;

namespace VProtect.Mover.Upkeep;

/// <summary>
/// Inspects the disks of many restore points, several at once. Memory: the ids, about 90 bytes for each restore point, and
/// what is found; a restore point is let go when it has been looked at.
/// </summary>
internal sealed class PointSweep(Repository repository, DiskInspection inspection, PersistentReads reads, FaultList faults, int workers)
{
    private readonly ConcurrentQueue<AffectedPoint> _affected = [];
    private readonly ConcurrentQueue<string> _unreadable = [];
    private int _total;
    private int _done;
    private int _pointCount;

    /// <summary>Restore points to look at.</summary>
    public int Total => Volatile.Read(ref _total);

    /// <summary>Looked at.</summary>
    public int Done => Volatile.Read(ref _done);

    /// <summary>Of those, in the selection.</summary>
    public int PointCount => Volatile.Read(ref _pointCount);

    /// <summary>Disks that cannot be restored whole, by machine, number and disk.</summary>
    public IReadOnlyList<AffectedPoint> Affected =>
        [.. _affected.OrderBy(point => point.Machine, StringComparer.Ordinal).ThenBy(point => point.Sequence).ThenBy(point => point.Disk, StringComparer.Ordinal)];

    /// <summary>Disks of which the store could not give enough to tell.</summary>
    public IReadOnlyList<string> Unreadable => [.. _unreadable];

    /// <summary>Looks at all restore points that are not forgotten, or at those of a selection.</summary>
    public async Task RunAsync(VerifySelection selection, CancellationToken cancellationToken)
    {
        HashSet<string> ids = await repository.ListMarksAsync("points/", cancellationToken);
        ids.ExceptWith(await repository.ListMarksAsync("forgotten/", cancellationToken));
        if (selection.Point is { } wanted)
        {
            ids.IntersectWith([wanted]);
        }

        Volatile.Write(ref _total, ids.Count);
        await Parallel.ForEachAsync(
            ids,
            new ParallelOptions { MaxDegreeOfParallelism = workers, TaskScheduler = TaskScheduler.Current, CancellationToken = cancellationToken },
            async (id, token) =>
            {
                await InspectAsync(id, selection.Machine, token);
                Interlocked.Increment(ref _done);
            });
    }

    private async ValueTask InspectAsync(string id, string? machine, CancellationToken cancellationToken)
    {
        RestorePoint? point;
        try
        {
            point = await reads.RepeatAsync(() => new ValueTask<RestorePoint?>(repository.ReadPointAsync(id, cancellationToken)), cancellationToken);
        }
        catch (IntegrityException e)
        {
            faults.Add(e.Message);
            return;
        }
        catch (VProtectException e)
        {
            _unreadable.Enqueue($"Restore point {id}: {e.Message}");
            return;
        }

        if (point is null || (machine is not null && point.Machine != machine))
        {
            return;
        }

        Interlocked.Increment(ref _pointCount);
        foreach (RestorePointDisk disk in point.Disks)
        {
            try
            {
                // What was sound is not looked at again when a disk is begun anew.
                if (await reads.RepeatAsync(() => new ValueTask<DiskDamage?>(inspection.InspectAsync(disk, cancellationToken)), cancellationToken) is { } damage)
                {
                    _affected.Enqueue(new AffectedPoint(point.Id, point.Machine, point.Sequence, point.CreatedAt, disk.Name)
                    {
                        DamagedBytes = damage.Bytes,
                        Ranges = damage.Ranges,
                        HasMoreRanges = damage.HasMoreRanges,
                    });
                }
            }
            catch (VProtectException e)
            {
                _unreadable.Enqueue($"Restore point {id} of {point.Machine}, disk {disk.Name}: {e.Message}");
            }
        }
    }
}
