using VProtect.Catalog;
using VProtect.Catalog.Mounts;
using VProtect.Catalog.Sql;
using VProtect.Server.Scheduling;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Requests;

namespace VProtect.Server.Mounts;

/// <summary>Mounts outlive their tasks: they are set up again when their node begins another life, and taken down when their time has come.</summary>
internal sealed partial class MountKeeping(CatalogDatabase catalog, TaskRequests requests, TimeProvider time, ILogger<MountKeeping> logger) : IUpkeep
{
    /// <summary>
    /// Takes down those whose time has come. Nobody said that what was written is to be thrown away, so it is committed. One that failed is tried again at the next look.
    /// </summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            if ((await session.Mounts.DueAsync(now, cancellationToken)).All(mount => mount.State is MountState.Mounting or MountState.Unmounting))
            {
                return;
            }
        }

        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        foreach (Mount mount in await transaction.Mounts.DueAsync(now, cancellationToken))
        {
            if (mount.State is MountState.Mounted or MountState.Failed)
            {
                bool commits = MountSettings.Of(mount).IsWritable;
                var request = new UnmountRequest { Mount = mount.Guid, Commits = commits, Label = commits ? "Written until its mount ended." : null };
                await requests.UnmountAsync(transaction, request, TaskOrigin.Appliance, cancellationToken);
                Log.Expired(logger, mount.Guid);
            }
        }

        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Sets up again what a node served in its last life.</summary>
    public async Task RemountAsync(Guid node, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        IReadOnlyList<Mount> mounts = (await transaction.Mounts.ListAsync(restorePoint: null, node, new ListQuery { Size = ListQuery.SizeMax }, cancellationToken)).Rows;
        foreach (Mount mount in mounts.Where(mount => mount.State == MountState.Mounted))
        {
            await requests.RemountAsync(transaction, mount, cancellationToken);
            Log.Again(logger, mount.Guid);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(5340, LogLevel.Information, "Mount {Mount} is taken down: its time has come")]
        public static partial void Expired(ILogger logger, Guid mount);

        [LoggerMessage(5341, LogLevel.Information, "Mount {Mount} is set up again after a restart")]
        public static partial void Again(ILogger logger, Guid mount);
    }
}
