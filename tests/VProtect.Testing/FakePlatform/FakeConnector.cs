using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Connectors.Contract;

namespace VProtect.Testing.FakePlatform;

/// <summary>A connection to a fake platform. Snapshots and guest commands are in the other parts.</summary>
internal sealed partial class FakeConnector(FakeDatacenter datacenter, ConnectorEndpoint endpoint, bool servesFiles, IReadOnlyCollection<string> without) : IConnector
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private string? _seen;

    public ConnectorCapabilities Capabilities { get; } = new()
    {
        ChangedBlocks = !servesFiles && !without.Contains(nameof(ConnectorCapabilities.ChangedBlocks)),
        Quiesce = !without.Contains(nameof(ConnectorCapabilities.Quiesce)),
        OfflineBackup = !without.Contains(nameof(ConnectorCapabilities.OfflineBackup)),
        Snapshots = !without.Contains(nameof(ConnectorCapabilities.Snapshots)),
        Restore = !without.Contains(nameof(ConnectorCapabilities.Restore)),
        RestoreInPlace = !without.Contains(nameof(ConnectorCapabilities.RestoreInPlace)),
        GuestCommands = !without.Contains(nameof(ConnectorCapabilities.GuestCommands)),
        GuestFiles = !without.Contains(nameof(ConnectorCapabilities.GuestCommands)) && !without.Contains(nameof(ConnectorCapabilities.GuestFiles)),
        Events = !without.Contains(nameof(ConnectorCapabilities.Events)),
    };

    public async ValueTask<PlatformCheck> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ConnectAsync(cancellationToken);
            return new PlatformCheck(IsUsable: true, "Fake platform 1.0", []);
        }
        catch (VProtectException exception)
        {
            return new PlatformCheck(IsUsable: false, Product: null, [$"{exception.Message} {exception.Guidance}"]);
        }
    }

    public async Task<Inventory> ReadInventoryAsync(CancellationToken cancellationToken)
    {
        await ConnectAsync(cancellationToken);
        await datacenter.PassAsync(FakeStep.Inventory, cancellationToken);
        Inventory inventory = Read();
        _seen = Text(inventory);
        return inventory;
    }

    public async Task WaitForChangeAsync(CancellationToken cancellationToken)
    {
        if (!Capabilities.Events)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }

        while (!datacenter.Exists || Text(Read()) == _seen)
        {
            await Task.Delay(Look, cancellationToken);
        }
    }

    public async Task<IBackupAccess> OpenBackupAsync(BackupOpening opening, CancellationToken cancellationToken)
    {
        await ConnectAsync(cancellationToken);
        FakeMachine machine = Find(opening.MachineUuid);
        if (machine.Power == PowerState.Off)
        {
            Require(Capabilities.OfflineBackup, "back up machines that are switched off");
        }

        if (opening.Quiesce == QuiesceMode.Require)
        {
            Require(Capabilities.Quiesce, "freeze file systems");
        }

        return await FakeBackupAccess.OpenAsync(datacenter, opening, Capabilities, servesFiles, cancellationToken);
    }

    public async Task<IRestoreAccess> OpenRestoreAsync(RestoreOpening opening, CancellationToken cancellationToken)
    {
        await ConnectAsync(cancellationToken);
        Require(Capabilities.Restore, "restore machines");
        Require(opening.OverwriteMachineUuid is null || Capabilities.RestoreInPlace, "overwrite disks of existing machines");
        return await FakeRestoreAccess.OpenAsync(datacenter, opening, servesFiles, cancellationToken);
    }

    public async Task<IReadOnlyList<string>> CleanUpAsync(IReadOnlySet<string> running, CancellationToken cancellationToken)
    {
        await ConnectAsync(cancellationToken);
        await datacenter.PassAsync(FakeStep.CleanUp, cancellationToken);
        HashSet<string> marks = [.. running.Select(TaskMark.Of)];
        var done = new List<string>();
        foreach (string uuid in datacenter.Uuids())
        {
            using IDisposable held = await datacenter.LockAsync(uuid, cancellationToken);
            foreach (FakeLeftover leftover in FakeLeftover.Find(datacenter, uuid).Where(leftover => !marks.Contains(leftover.Mark)).ToList())
            {
                try
                {
                    leftover.Remove();
                    done.Add($"Removed {leftover.Text}.");
                }
                catch (IOException exception)
                {
                    done.Add($"Could not remove {leftover.Text}: {exception.Message}");
                }
            }
        }

        return done;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static void Require(bool isPossible, string what)
    {
        if (!isPossible)
        {
            throw FakeErrors.NotSupported(what);
        }
    }

    private static string Text(Inventory inventory) => JsonSerializer.Serialize(inventory, FakeFile.Json);

    private async ValueTask ConnectAsync(CancellationToken cancellationToken)
    {
        await datacenter.PassAsync(FakeStep.Connect, cancellationToken);
        if (datacenter.Site.Password is { } password && password != endpoint.Secret)
        {
            throw FakeErrors.Denied();
        }
    }

    private FakeMachine Find(string uuid) =>
        datacenter.TryMachine(uuid) is { Mark: null } machine ? machine : throw FakeErrors.NoMachine(uuid);

    private Inventory Read()
    {
        FakeSite site = datacenter.Site;
        IEnumerable<FakeMachine> machines = datacenter.Uuids().Select(datacenter.TryMachine).OfType<FakeMachine>().Where(machine => machine.Mark is null);
        return new Inventory
        {
            Hosts = site.Hosts,
            Clusters = site.Clusters,
            Storages = site.Storages,
            Networks = site.Networks,
            Machines =
            [
                .. machines.Select(machine => new InventoryMachine(
                    machine.Uuid, machine.Name, machine.HostId, machine.Power, machine.Tags,
                    [.. machine.Disks.Select(disk => new InventoryDisk(disk.Id, disk.Name, disk.SizeBytes, disk.StorageId, disk.Obstacle))])),
            ],
        };
    }
}
