using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Mover;
using VProtect.Mover.Store;
using VProtect.Node.Channel;
using VProtect.Node.Rebuild;
using VProtect.Node.Repositories;

namespace VProtect.Node.Execution;

/// <summary>
/// Keeps a copy of the appliance itself in a repository.
/// <list type="number">
/// <item>No later life of the appliance, and no twin, has left a copy there.</item>
/// <item>The server writes its catalog into a directory of the node's, which is emptied before and after.</item>
/// <item>It is stored with the small files as one restore point.</item>
/// <item>Again: a twin that was looking at the same time has left one by now, and one of the two sees both. The later copy is forgotten.</item>
/// <item>The oldest copies beyond the number to keep are forgotten; one that is held stays.</item>
/// </list>
/// One copy at a time: others wait.
/// </summary>
internal static class ApplianceBackup
{
    public static async Task<ApplianceBackupResult> RunAsync(ApplianceBackupWork work, WorkContext context, CancellationToken cancellationToken)
    {
        IApplianceFiles files = context.Options.ApplianceFiles ?? throw new VProtectException(
            ErrorCode.WorkNotKnown, ErrorSide.Request, "There is no server beside this node whose copy could be kept.", "Give the work to the node of the server's process.");
        context.Enter("waiting for another copy");
        await context.Copying.WaitAsync(cancellationToken);
        try
        {
            return await context.UseAsync(work.Repository, shared => RunAsync(work, files, shared, context, cancellationToken), cancellationToken);
        }
        finally
        {
            context.Copying.Release();
        }
    }

    private static async Task<ApplianceBackupResult> RunAsync(
        ApplianceBackupWork work, IApplianceFiles files, SharedRepository shared, WorkContext context, CancellationToken cancellationToken)
    {
        context.Enter("reading restore points");
        IReadOnlyList<RestorePoint> before = ApplianceCopies.Of((await shared.Repository.ReadPointsAsync(cancellationToken)).Points, work.Identity.Guid);
        ApplianceCopies.RequireNewest(before, work.Identity); // :: 1.
        string directory = Path.Combine(context.Options.StatePath, "appliance-copy");
        Remove(directory);
        try
        {
            context.Enter("copying the catalog"); // :: 2.
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            string catalog = Path.Combine(directory, "catalog.db");
            IReadOnlyList<ApplianceFile> documents = await files.WriteAsync(catalog, cancellationToken);
            var counters = new BackupCounters(); // :: 3.
            context.Journal.Follow(() => (counters.Step, new Amounts(counters.DoneBytes, counters.TotalBytes, counters.StoredBytes)));
            var options = new BackupOptions { BufferBytes = context.Options.BufferBytes, ReserveBytes = work.Repository.ReserveBytes };
            RestorePoint copy = await ApplianceCopies.StoreAsync(
                shared.Chunks, work.Identity, catalog, documents, options, counters, context.Warn, cancellationToken);
            await shared.CheckpointAsync(context.Warn);
            IReadOnlyList<RestorePoint> after = await RequireStillNewestAsync(work.Identity, copy, shared.Repository, cancellationToken); // :: 4.
            int kept = await ForgetOldAsync(after, work.CopiesMax, shared.Repository, context, cancellationToken); // :: 5.
            return new ApplianceBackupResult(copy.Id, copy.CreatedAt, copy.MachineDisks.Sum(disk => disk.SizeBytes), copy.Disks.Sum(disk => disk.StoredBytes), kept);
        }
        finally
        {
            Remove(directory);
        }
    }

    /// <returns>The copies that there are now, in the order in which they go: first what a twin has left that is not the appliance.</returns>
    private static async Task<IReadOnlyList<RestorePoint>> RequireStillNewestAsync(
        ApplianceIdentity identity, RestorePoint copy, Repository repository, CancellationToken cancellationToken)
    {
        IReadOnlyList<RestorePoint> copies = ApplianceCopies.Of((await repository.ReadPointsAsync(cancellationToken)).Points, identity.Guid);
        try
        {
            ApplianceCopies.RequireNewest(copies, identity);
        }
        catch (VProtectException)
        {
            await repository.ForgetAsync(copy, cancellationToken);
            throw;
        }

        return [.. copies.OrderByDescending(one => ApplianceCopies.IsOfTwin(one, identity))];
    }

    private static async Task<int> ForgetOldAsync(
        IReadOnlyList<RestorePoint> copies, int copiesMax, Repository repository, WorkContext context, CancellationToken cancellationToken)
    {
        context.Enter("forgetting old copies");
        int kept = copies.Count;
        foreach (RestorePoint old in copies.Take(Math.Max(0, copies.Count - Math.Max(2, copiesMax))))
        {
            try
            {
                await repository.ForgetAsync(old, cancellationToken);
                kept--;
            }
            catch (VProtectException held) when (held.Code == ErrorCode.RestorePointHeld)
            {
                context.Note(held.Message);
            }
        }

        return kept;
    }

    private static void Remove(string directory)
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
