using System.Net;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Connectors.Contract;
using VProtect.Mover.Documents;
using VProtect.Mover.Store;
using VProtect.Nbd;
using VProtect.Node.Channel;
using VProtect.Node.Execution;

namespace VProtect.Node.Mounts;

/// <summary>
/// A machine that runs on a mount. The mount is served first and ends last: whatever the machine writes is in the mount's overlays, and the platform finds machine by the mount's identity
/// whichever step was the last one before a crash.
/// </summary>
internal sealed class MountedMachine(MountBook mounts)
{
    private static readonly TimeSpan Attendance = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Absence = TimeSpan.FromSeconds(10);

    /// <summary>Serves the mount to the platform, and starts the machine on it.</summary>
    public async Task<MountResult> StartAsync(MountWork work, BootWork boot, WorkContext context, CancellationToken cancellationToken)
    {
        await using IConnector connector = context.Connect(boot.Platform);
        IMachineBoot platform = Require(connector);
        BootReach? reach = await WhenThereAsync(boot, context, () => platform.FindReachAsync(cancellationToken));
        string[] hosts = reach is { HostAddress: { } address } && IPAddress.TryParse(address, out IPAddress? host) ? [new IPNetwork(host, host.GetAddressBytes().Length * 8).ToString()] : [];
        string[] clients = [.. work.AllowedClients.Union(hosts)];
        MountResult result = await mounts.MountAsync(work with { AllowedClients = clients }, context, cancellationToken);
        if (reach is null)
        {
            Attend(work, boot, context);
            return result;
        }

        try
        {
            IReadOnlyList<MachineDocument> documents = await context.UseAsync(work.Repository, async shared =>
            {
                RestorePoint point = await MountedPoint.FindAsync(shared.Repository, work.PointId, cancellationToken);
                return (IReadOnlyList<MachineDocument>)
                [
                    .. (await DocumentReading.ReadAsync(shared.Chunks, point, cancellationToken)).Select(document => new MachineDocument(document.Name, document.MediaType, document.Content)),
                ];
            }, cancellationToken);
            context.Enter(boot.IsAgain ? "looking at the machine" : "starting the machine");
            Tell(context, await WhenThereAsync(boot, context, () => platform.BootAsync(OpeningOf(work, boot, reach, result, documents), cancellationToken)) ?? []);
            Attend(work, boot, context);
            return result with { AllowedClients = clients };
        }
        catch when (!boot.IsAgain)
        {
            // Nobody will ask for it; its overlays are removed with its row.
            await mounts.LetGoAsync(work.MountGuid);
            throw;
        }
    }

    /// <summary>Ends the machine, or moves it to the platform's storage and lets it run on. Then nobody uses the mount any more.</summary>
    public static async Task EndAsync(UnmountWork work, PlatformReference place, WorkContext context, CancellationToken cancellationToken)
    {
        await using IConnector connector = context.Connect(place);
        IMachineBoot platform = Require(connector);
        if (work.KeepsMachine)
        {
            (long done, long total) = (0, 0);
            context.Journal.Follow(() => ("moving the disks", new Amounts(Volatile.Read(ref done), Volatile.Read(ref total), Volatile.Read(ref done))));
            await platform.KeepAsync(work.MountGuid, work.StorageId, (now, all) => (done, total) = (now, all), cancellationToken);
            context.Note("The machine runs on the platform's storage.");
            return;
        }

        context.Enter(work.Commits ? "shutting the machine down" : "removing the machine");
        Tell(context, await platform.RemoveAsync(work.MountGuid, work.Commits, cancellationToken));
    }

    /// <summary>As long as the mount is served, a machine that stood still while it was not goes on.</summary>
    private void Attend(MountWork work, BootWork boot, WorkContext context) => mounts.Attend(work.MountGuid, async ending =>
    {
        var vitals = new MountVitals(() => mounts.FreeBytes, reason => mounts.Tell(new MountTrouble(work.MountGuid, reason)));
        while (true)
        {
            try
            {
                await using IConnector connector = context.Connect(boot.Platform);
                while (true)
                {
                    vitals.Look(await Require(connector).AttendAsync(work.MountGuid, ending));
                    await Task.Delay(Attendance, context.Time, ending);
                }
            }
            catch (VProtectException)
            {
                // The platform is away; the machine may run on there all the same.
                await Task.Delay(Absence, context.Time, ending);
            }
        }
    });

    private static void Tell(WorkContext context, IReadOnlyList<string> warnings)
    {
        foreach (string warning in warnings)
        {
            context.Warn(warning);
        }
    }

    private static IMachineBoot Require(IConnector connector) => connector as IMachineBoot ?? throw new VProtectException(
        ErrorCode.NotSupported, ErrorSide.Platform, "Machines cannot be started from backups on this platform.", "Restore the machine, or mount the backup's disks.");

    /// <summary>After a restart what matters is that the disks are served again: a platform that is away finds them when it is back.</summary>
    private static async Task<T?> WhenThereAsync<T>(BootWork boot, WorkContext context, Func<Task<T>> ask)
        where T : class
    {
        try
        {
            return await ask();
        }
        catch (VProtectException away) when (boot.IsAgain)
        {
            context.Warn($"The machine was not looked at: {away.Message}");
            return null;
        }
    }

    private static BootOpening OpeningOf(MountWork work, BootWork boot, BootReach reach, MountResult result, IReadOnlyList<MachineDocument> documents) => new()
    {
        MountGuid = work.MountGuid,
        Documents = documents,
        Disks = [.. result.Disks.Select(disk => new BootDisk(disk.Id, reach.NodeAddress, IPEndPoint.Parse(result.EndPoint).Port, NbdUri.Parse(disk.Uri).ExportName))],
        Name = boot.Name,
        IsIsolated = boot.IsIsolated,
        Networks = boot.Networks,
        StartsIfOff = !boot.IsAgain,
    };
}
