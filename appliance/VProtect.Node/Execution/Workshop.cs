using Microsoft.Extensions.Logging;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Connectors.Contract;
using VProtect.Mover;
using VProtect.Node.Channel;
using VProtect.Node.Mounts;
using VProtect.Node.Repositories;

namespace VProtect.Node.Execution;

/// <summary>Where orders are done: what they share, and which file does which kind of work.</summary>
internal sealed class Workshop(
    NodeOptions options, IReadOnlyList<IConnectorFactory> factories, OpenRepositories repositories, MountBook mounts, SemaphoreSlim slots, ILogger logger, TimeProvider time)
{
    private readonly PlatformGate _gate = new();
    private readonly WorkPlace _place = new(options);

    public NodeOptions Options => options;

    public OpenRepositories Repositories => repositories;

    public ILogger Logger => logger;

    public TimeProvider Time => time;

    /// <summary>How fast all backups together read; no limit unless the server sets one.</summary>
    public ReadRate BackupRate { get; } = new(0, time);

    /// <summary>Held by the one copy of the appliance that is being made.</summary>
    public SemaphoreSlim Copying { get; } = new(1, 1);

    /// <summary>Whether work moves data, and so counts among the slots. Everything else is quick, and must not wait for a long backup.</summary>
    public static bool TakesSlot(Work work) => work is BackupWork or RestoreFilesWork or RestoreMachineWork or CollectWork or VerifyWork or ApplianceBackupWork or RestoreIntoGuestWork;

    /// <summary>Works as the server says from now on.</summary>
    public void Heed(NodeSettings settings)
    {
        BackupRate.BytesPerSecond = settings.BackupBytesPerSecondMax;
        mounts.Heed(settings, _place.Path);
    }

    /// <summary>Whether another node may do work while this one goes on with it: repositories bear any number of writers, what else it touches is only read.</summary>
    public static bool MayGoOnUnheard(Work work) => work is not (RestoreFilesWork or RestoreMachineWork or RestoreIntoGuestWork or CreateSnapshotWork or RevertSnapshotWork);

    /// <summary>Does an order.</summary>
    /// <returns>What it made or found; null for work that says nothing.</returns>
    public async Task<WorkResult?> RunAsync(TaskOrder order, TaskJournal journal, CancellationToken cancellationToken)
    {
        var context = new WorkContext(this, order, journal);
        if ((TakesSlot(order.Work) || order.Work is MountWork) && order.Settings is { } settings)
        {
            await Task.Run(() => Settle(settings), cancellationToken).WaitAsync(cancellationToken);
        }

        if (!TakesSlot(order.Work))
        {
            return await PassGateAsync(order.Work, context, cancellationToken);
        }

        // The server goes by the slots it is told are free; if it gives more all the same, the rest waits here.
        if (!slots.Wait(0, CancellationToken.None))
        {
            journal.Enter("waiting for a free slot of the node");
            await slots.WaitAsync(cancellationToken);
        }

        try
        {
            return await PassGateAsync(order.Work, context, cancellationToken);
        }
        finally
        {
            slots.Release();
        }
    }

    /// <summary>Opens a connection to a platform. The caller disposes it.</summary>
    /// <exception cref="VProtectException">There is no connector for it, or its endpoint is not written as it needs it.</exception>
    public IConnector Connect(PlatformReference platform)
    {
        IConnectorFactory factory = factories.FirstOrDefault(factory => factory.Platform == platform.Platform)
            ?? throw new VProtectException(
                ErrorCode.PlatformNotServed, ErrorSide.Platform, $"This node has no connector for '{platform.Platform}'.",
                $"It has: {(factories.Count == 0 ? "none" : string.Join(", ", factories.Select(factory => factory.Platform)))}. Use a node of a version that has it.");
        return factory.Open(new ConnectorEndpoint(platform.Address, platform.Login, platform.Secret, platform.Settings));
    }

    /// <summary>Temporary work is kept where the server says from now on; what is quick needs none.</summary>
    private void Settle(NodeSettings settings)
    {
        _place.Heed(settings.WorkPath);
        repositories.TemporaryPath = _place.Path;
        mounts.Heed(settings, _place.Path);
    }

    /// <summary>Work that makes something on a platform and the cleaning of that platform are kept apart.</summary>
    private async Task<WorkResult?> PassGateAsync(Work work, WorkContext context, CancellationToken cancellationToken)
    {
        if (work is CleanUpWork cleanUp)
        {
            await _gate.CleanAsync(cleanUp.Platform.Guid, working => CleanUp.RunAsync(cleanUp, working, context, cancellationToken), cancellationToken);
            return null;
        }

        return PlatformOf(work) is { } platform
            ? await _gate.WorkAsync(
                platform.Guid, context.TaskGuid, () => context.Enter("waiting until the platform is cleaned up"),
                () => DispatchAsync(work, context, cancellationToken), cancellationToken)
            : await DispatchAsync(work, context, cancellationToken);
    }

    /// <summary>The platform on which work makes something; null for work that makes nothing on any.</summary>
    private static PlatformReference? PlatformOf(Work work) => work switch
    {
        BackupWork backup => backup.Platform,
        RestoreMachineWork restore => restore.Platform,
        RestoreIntoGuestWork into => into.Platform,
        CreateSnapshotWork create => create.Platform,
        RevertSnapshotWork revert => revert.Platform,
        _ => null,
    };

    private async Task<WorkResult?> DispatchAsync(Work work, WorkContext context, CancellationToken cancellationToken)
    {
        switch (work)
        {
            case CheckPlatformWork check:
                return await CheckPlatform.RunAsync(check, context, cancellationToken);
            case InventoryWork inventory:
                return await ReadInventory.RunAsync(inventory, context, cancellationToken);
            case BackupWork backup:
                return await Backup.RunAsync(backup, context, cancellationToken);
            case OpenRepositoryWork open:
                return await OpenRepository.RunAsync(open, context, cancellationToken);
            case RestoreFilesWork files:
                return await RestoreFiles.RunAsync(files, context, cancellationToken);
            case RestoreMachineWork machine:
                return await RestoreMachine.RunAsync(machine, context, cancellationToken);
            case RestoreIntoGuestWork into:
                return await RestoreIntoGuest.RunAsync(into, mounts, context, cancellationToken);
            case CreateSnapshotWork create:
                return await Snapshots.CreateAsync(create, context, cancellationToken);
            case RevertSnapshotWork revert:
                await Snapshots.RevertAsync(revert, context, cancellationToken);
                return null;
            case RemoveSnapshotsWork remove:
                await Snapshots.RemoveAsync(remove, context, cancellationToken);
                return null;
            case ForgetWork forget:
                await Forget.RunAsync(forget, context, cancellationToken);
                return null;
            case CollectWork collect:
                return await Collect.RunAsync(collect, context, cancellationToken);
            case VerifyWork verify:
                return await Verify.RunAsync(verify, context, cancellationToken);
            case MountWork { Boot: { } boot } mount:
                return await new MountedMachine(mounts).StartAsync(mount, boot, context, cancellationToken);
            case ApplianceBackupWork copy:
                return await ApplianceBackup.RunAsync(copy, context, cancellationToken);
            case MountWork mount:
                return await mounts.MountAsync(mount, context, cancellationToken);
            case UnmountWork unmount:
                if (unmount.BootedOn is { } platform)
                {
                    await MountedMachine.EndAsync(unmount, platform, context, cancellationToken);
                }

                await mounts.UnmountAsync(unmount, context, cancellationToken);
                return null;
            default:
                throw new VProtectException(
                    ErrorCode.WorkNotKnown, ErrorSide.Request, $"This node does not know the work '{work.GetType().Name}'.", "Use a node of the server's version.");
        }
    }
}
