using System.Security.Cryptography;
using System.Text;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;
using VProtect.Server.Tasks.Kinds;

namespace VProtect.Server.Tasks.Outcomes;

/// <summary>
/// What a repository was found to be → the catalog. The repository decides which restore points exist:
/// <code>
/// in the repository   in the catalog
///       yes               no          added, when its history is a machine of the catalog; copies of appliances are left alone
///       no               yes          failed: it cannot be restored any more
///       yes              yes          only whether it is held may differ
/// </code>
/// </summary>
internal sealed partial class RepositoryReconciliation(ILogger<RepositoryReconciliation> logger)
{
    /// <summary>Writes down what was found.</summary>
    /// <param name="transaction">Where.</param>
    /// <param name="destination">The destination, as the transaction has it.</param>
    /// <param name="found">What was found.</param>
    /// <param name="askedAt">When the node was asked: what was made later may be younger than its answer.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task ApplyAsync(
        CatalogTransaction transaction, Destination destination, RepositoryResult found, DateTimeOffset askedAt, CancellationToken cancellationToken)
    {
        if (destination.RepositoryId != found.RepositoryId)
        {
            await transaction.Destinations.UpdateAsync(destination with { RepositoryId = found.RepositoryId }, cancellationToken);
        }

        await transaction.Destinations.RecordStateAsync(
            destination.Guid, ConnectionState.Online, info: null, found.UsedBytes, found.FreeBytes ?? 0, found.LogicalBytes, cancellationToken);
        IReadOnlyList<(Guid Guid, string PointId, bool Held)> known = await transaction.RestorePoints.StoredAsync(destination.Guid, cancellationToken);
        Dictionary<string, FoundPoint> there = found.Points.ToDictionary(point => point.PointId, StringComparer.Ordinal);
        foreach ((Guid guid, string pointId, bool held) in known)
        {
            if (!there.TryGetValue(pointId, out FoundPoint? point))
            {
                await VanishedAsync(transaction, guid, askedAt, cancellationToken);
            }
            else if (point.IsHeld && !held)
            {
                await HeldAsync(transaction, guid, cancellationToken);
            }
        }

        HashSet<string> ids = [.. known.Select(point => point.PointId)];
        foreach (FoundPoint point in found.Points.Where(point => !ids.Contains(point.PointId) && !ApplianceCopy.IsReserved(point.History)).OrderBy(point => point.CreatedAt))
        {
            await AddAsync(transaction, destination.Guid, point, cancellationToken);
        }
    }

    private async Task VanishedAsync(CatalogTransaction transaction, Guid guid, DateTimeOffset askedAt, CancellationToken cancellationToken)
    {
        RestorePoint point = await transaction.RestorePoints.GetAsync(guid, cancellationToken);
        if ((point.FinishedAt ?? point.CreatedAt) >= askedAt)
        {
            return;
        }

        Log.Vanished(logger, point.RepositoryPointId!, point.MachineGuid);
        await transaction.RestorePoints.UpdateAsync(
            point with { State = RestorePointState.Failed, StatusInfo = "It is no longer in the repository." }, cancellationToken);
    }

    private static async Task HeldAsync(CatalogTransaction transaction, Guid guid, CancellationToken cancellationToken)
    {
        RestorePoint point = await transaction.RestorePoints.GetAsync(guid, cancellationToken);
        await transaction.RestorePoints.UpdateAsync(point with { Held = true, HoldReason = point.HoldReason ?? "Held in the repository." }, cancellationToken);
    }

    private async Task AddAsync(CatalogTransaction transaction, Guid destination, FoundPoint found, CancellationToken cancellationToken)
    {
        if (await transaction.RestorePoints.FindInRepositoryAsync(destination, found.PointId, cancellationToken) is { } known)
        {
            if (known.State == RestorePointState.Failed)
            {
                await transaction.RestorePoints.UpdateAsync(known with { State = RestorePointState.Success, StatusInfo = null }, cancellationToken);
            }

            return;
        }

        Guid machine = MachineOf(found.History);
        Machine? row = await transaction.Machines.FindAsync(machine, cancellationToken);
        if (row is null)
        {
            row = Adopted(machine, found);
            await transaction.Machines.InsertAsync(row, cancellationToken);
            Log.Adopted(logger, found.History, machine);
        }
        else if (await transaction.Tasks.IsUnderWayAsync(TaskType.Export, source: null, destination, machine, cancellationToken))
        {
            // What a task is just making is in the repository a moment before its node tells of it.
            return;
        }

        IReadOnlyList<BackupResultDisk> disks = [.. found.Disks.Where(disk => disk.Id != BackupKind.DocumentsDisk)];
        var point = new RestorePoint
        {
            MachineGuid = machine,
            DestinationGuid = destination,
            RepositoryPointId = found.PointId,
            Type = disks.All(disk => disk.Mode == "full") ? BackupType.Full : BackupType.Incremental,
            State = RestorePointState.Success,
            CreatedAt = found.CreatedAt,
            SnapshotAt = found.CreatedAt,
            FinishedAt = found.CreatedAt,
            SizeBytes = disks.Sum(disk => disk.SizeBytes),
            ChangedBytes = disks.Sum(disk => disk.ReadBytes),
            NewBytes = disks.Sum(disk => disk.NewBytes),
            StoredBytes = found.Disks.Sum(disk => disk.StoredBytes),
            Held = found.IsHeld,
            HoldReason = found.IsHeld ? "Held in the repository." : null,
            StatusInfo = "Found in the repository.",
        };
        await transaction.RestorePoints.InsertAsync(point, cancellationToken);
        await PointDisks.InsertAsync(transaction, point, disks, cancellationToken);
        if (!row.Present)
        {
            // They come in the order of their times: the last one stays.
            await transaction.Machines.RecordBackupAsync(machine, point, rpoDueAt: null, cancellationToken);
        }

        Log.Found(logger, found.PointId, machine);
    }

    /// <summary>The machine of a history: appliances call it by their identity of the machine, the command line by any name, which always gives the same identity.</summary>
    private static Guid MachineOf(string history)
    {
        if (Guid.TryParseExact(history, "D", out Guid guid))
        {
            return guid;
        }

        byte[] bytes = SHA256.HashData(Encoding.UTF8.GetBytes("history " + history))[..16];
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>A machine that only its restore points tell of: of a lost catalog, of another appliance, or of the command line. No platform has it.</summary>
    private static Machine Adopted(Guid machine, FoundPoint first) => new()
    {
        Guid = machine,
        Name = Guid.TryParseExact(first.History, "D", out _) && first.Label is { Length: > 0 and <= 255 } label ? label : first.History,
        Uuid = first.History,
        Platform = "UNKNOWN",
        Present = false,
        ProvisionedBytes = first.Disks.Where(disk => disk.Id != BackupKind.DocumentsDisk).Sum(disk => disk.SizeBytes),
        FirstSeenAt = first.CreatedAt,
    };

    private static partial class Log
    {
        [LoggerMessage(5312, LogLevel.Information, "The restore points of {History} belong to no machine that is known: it is shown as machine {Machine}, which no platform has")]
        public static partial void Adopted(ILogger logger, string history, Guid machine);

        [LoggerMessage(5310, LogLevel.Warning, "Restore point {Point} of machine {Machine} is no longer in its repository")]
        public static partial void Vanished(ILogger logger, string point, Guid machine);

        [LoggerMessage(5311, LogLevel.Information, "Restore point {Point} of machine {Machine} was found in its repository")]
        public static partial void Found(ILogger logger, string point, Guid machine);
    }
}
