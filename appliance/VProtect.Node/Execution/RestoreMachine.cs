using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Connectors.Contract;
using VProtect.Mover;
using VProtect.Mover.Deliver.BlockTarget;
using VProtect.Mover.Documents;
using VProtect.Mover.Store;
using VProtect.Node.Channel;
using VProtect.Node.Repositories;

namespace VProtect.Node.Execution;

/// <summary>
/// Restores a machine to a platform: a new one, or onto the disks of one that is there, of which only what differs is written. The connector
/// makes machine and disks, the mover fills them, and only then the machine counts.
/// </summary>
internal static class RestoreMachine
{
    public static Task<RestoreResult> RunAsync(RestoreMachineWork work, WorkContext context, CancellationToken cancellationToken) =>
        context.UseAsync(work.Repository, shared => RunAsync(work, shared, context, cancellationToken), cancellationToken);

    private static async Task<RestoreResult> RunAsync(RestoreMachineWork work, SharedRepository shared, WorkContext context, CancellationToken cancellationToken)
    {
        RestorePoint point = await WantedDisks.FindPointAsync(shared, work.PointId, context, cancellationToken);
        List<RestorePointDisk> disks = [.. WantedDisks.Of(point, work.Disks).Where(disk => !disk.IsReserved)];
        await using IConnector connector = context.Connect(work.Platform);
        RequireCapabilities(work, connector.Capabilities);

        await context.SynchronizeAsync(shared, cancellationToken);
        context.Enter("reading the machine's documents");
        IReadOnlyList<PointDocument> documents = await DocumentReading.ReadAsync(shared.Chunks, point, cancellationToken);

        context.Enter(work.OverwriteMachineUuid is null ? "making the machine" : "opening the machine's disks");
        var warnings = new Warnings(context);
        IRestoreAccess access = await connector.OpenRestoreAsync(OpeningOf(work, disks, documents, context), cancellationToken);
        string machine;
        long writtenBytes;
        try
        {
            warnings.Take(access.Warnings);
            writtenBytes = await WriteAsync(shared, disks, access, context, cancellationToken);
            context.Journal.Hold(work.PowersOn ? "completing and starting the machine" : "completing the machine");
            machine = await access.CompleteAsync(work.PowersOn, cancellationToken);
        }
        finally
        {
            await access.DisposeAsync();
            warnings.Take(access.Warnings);
        }

        return new RestoreResult(machine, Files: [], writtenBytes, warnings.All);
    }

    private static async Task<long> WriteAsync(
        SharedRepository shared, List<RestorePointDisk> disks, IRestoreAccess access, WorkContext context, CancellationToken cancellationToken)
    {
        var counters = new RestoreCounters();
        long totalBytes = disks.Sum(disk => disk.SizeBytes);
        var pipeline = new RestorePipeline(shared.Chunks, new RestoreOptions(), counters);
        foreach (RestorePointDisk disk in disks)
        {
            RestoreAccessDisk place = access.Disks.FirstOrDefault(other => other.Id == disk.Name) ?? throw new VProtectException(
                ErrorCode.PlatformFailed, ErrorSide.Platform, $"The platform has made no disk '{disk.Name}'.", "This is a fault of the platform's connector: report it.");
            string stage = disks.Count == 1 ? "restoring" : $"restoring {disk.Name}";
            context.Journal.Follow(() => (stage, new Amounts(counters.DoneBytes, totalBytes, counters.PlainBytes)));
            try
            {
                await using IBlockTarget target = await BlockTargetFactory.OpenAsync(place.Endpoint, $"disk '{disk.Name}'", disk.SizeBytes, cancellationToken);
                await pipeline.RunAsync(disk, target, differential: place.IsExisting && target.CanRead, cancellationToken);
                await target.CompleteAsync(cancellationToken);
            }
            catch (VProtectException e) when (e.Side is ErrorSide.Target or ErrorSide.Platform)
            {
                throw DiskNames.Name(e, disk.Name);
            }
        }

        return counters.PlainBytes;
    }

    private static RestoreOpening OpeningOf(
        RestoreMachineWork work, IEnumerable<RestorePointDisk> disks, IEnumerable<PointDocument> documents, WorkContext context) => new()
        {
            TaskGuid = context.TaskGuid,
            Documents = [.. documents.Select(document => new MachineDocument(document.Name, document.MediaType, document.Content))],
            Disks = [.. disks.Select(disk => new RestoreDisk(disk.Name, disk.SizeBytes, StorageId: null))],
            Name = work.Name,
            OverwriteMachineUuid = work.OverwriteMachineUuid,
            HostId = work.HostId,
            StorageId = work.StorageId,
            Networks = work.Networks,
            Allocation = work.IsPreallocated ? DiskAllocation.Preallocated : DiskAllocation.Sparse,
        };

    private static void RequireCapabilities(RestoreMachineWork work, ConnectorCapabilities capabilities)
    {
        if (!capabilities.Restore || (work.OverwriteMachineUuid is not null && !capabilities.RestoreInPlace))
        {
            throw new VProtectException(
                ErrorCode.NotSupported, ErrorSide.Platform,
                capabilities.Restore ? "The platform cannot overwrite disks of existing machines." : "Machines cannot be restored to the platform.",
                capabilities.Restore ? "Restore to a new machine." : "Restore the disks to files.");
        }
    }
}
