using VProtect.Abstractions;
using VProtect.Connectors.Contract;
using VProtect.Testing;

namespace VProtect.Connectors.Tests.Conformance;

/// <summary>
/// What every connector must do. A platform's tests are a class that derives from this one and opens its <see cref="ConformancePlatform"/>.
/// The parts: inventory and errors here, backup, changed blocks, restore, snapshots, cleaning up.
/// </summary>
public abstract partial class ConnectorConformance
{
    /// <summary>An empty platform, for one test.</summary>
    protected abstract Task<ConformancePlatform> OpenPlatformAsync();

    [Fact]
    public async Task Platform_that_works_is_usable_and_says_what_it_is()
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        PlatformCheck check = await connector.CheckAsync(CancellationToken.None);
        Assert.True(check.IsUsable, string.Join(" ", check.Findings));
        Assert.False(string.IsNullOrEmpty(check.Product));
    }

    [Fact]
    public async Task Inventory_is_stable_and_its_references_lead_somewhere()
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        string uuid = await platform.AddMachineAsync("one", isRunning: false, diskCount: 2);
        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        Inventory inventory = await connector.ReadInventoryAsync(CancellationToken.None);
        InventoryMachine before = Assert.Single(inventory.Machines, machine => machine.Uuid == uuid);
        Assert.Equal("one", before.Name);
        Assert.Equal(PowerState.Off, before.Power);
        Assert.All(before.Disks, disk => Assert.Equal(platform.DiskBytes, disk.SizeBytes));
        Assert.Equal(2, before.Disks.Select(disk => disk.Id).Distinct().Count());
        Assert.All(before.Disks, disk => Assert.True(disk.StorageId is null || inventory.Storages.Any(storage => storage.Id == disk.StorageId), disk.StorageId));
        Assert.True(before.HostId is null || inventory.Hosts.Any(host => host.Id == before.HostId), before.HostId);
        Assert.All(inventory.Hosts, host => Assert.True(host.ClusterId is null || inventory.Clusters.Any(cluster => cluster.Id == host.ClusterId)));

        await platform.RenameMachineAsync(uuid, "other");
        await using IConnector again = platform.Factory.Open(platform.Endpoint);
        InventoryMachine after = Assert.Single((await again.ReadInventoryAsync(CancellationToken.None)).Machines, machine => machine.Uuid == uuid);
        Assert.Equal("other", after.Name);
        Assert.Equal(before.Disks.Select(disk => disk.Id), after.Disks.Select(disk => disk.Id));
    }

    [Fact]
    public async Task Change_of_the_inventory_is_told_where_events_are_promised()
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        _ = await connector.ReadInventoryAsync(CancellationToken.None);
        using var stop = new CancellationTokenSource();
        Task change = connector.WaitForChangeAsync(stop.Token);
        string uuid = await platform.AddMachineAsync("late", isRunning: false, diskCount: 1);
        if (connector.Capabilities.Events)
        {
            await change;
            Assert.Contains((await connector.ReadInventoryAsync(CancellationToken.None)).Machines, machine => machine.Uuid == uuid);
            change = connector.WaitForChangeAsync(stop.Token);
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => change);
    }

    [Fact]
    public async Task Unreachable_platform_fails_on_its_side_and_shows_no_secret()
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        await using IConnector connector = platform.Factory.Open(platform.UnreachableEndpoint);
        await FailsWithoutSecretAsync(connector, platform.UnreachableEndpoint, ErrorCode.PlatformUnavailable);
    }

    [Fact]
    public async Task Wrong_secret_is_refused_and_not_shown()
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        if (platform.DeniedEndpoint is { } endpoint)
        {
            await using IConnector connector = platform.Factory.Open(endpoint);
            await FailsWithoutSecretAsync(connector, endpoint, ErrorCode.PlatformDenied);
        }
    }

    [Fact]
    public async Task Machine_that_is_not_there_is_not_found()
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        string nobody = Guid.NewGuid().ToString();
        await FailsAsync(ErrorCode.MachineNotFound, () => connector.OpenBackupAsync(Opening(nobody), CancellationToken.None));
        if (connector.Capabilities.Snapshots)
        {
            await FailsAsync(ErrorCode.MachineNotFound, () => connector.ListSnapshotsAsync(nobody, CancellationToken.None));
        }

        Assert.Empty(await platform.LeftoversAsync());
    }

    [Fact]
    public async Task What_the_platform_cannot_do_is_refused_with_guidance()
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        string running = await platform.AddMachineAsync("running", isRunning: true, diskCount: 1);
        string off = await platform.AddMachineAsync("off", isRunning: false, diskCount: 1);
        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        ConnectorCapabilities can = connector.Capabilities;
        if (!can.Snapshots)
        {
            await FailsAsync(ErrorCode.NotSupported, () => connector.CreateSnapshotAsync(
                new SnapshotCreation(NewTask(), running, "vprotect-x", QuiesceMode.No), CancellationToken.None));
            await FailsAsync(ErrorCode.NotSupported, () => connector.ListSnapshotsAsync(running, CancellationToken.None));
            await FailsAsync(ErrorCode.NotSupported, () => connector.RevertSnapshotAsync(running, "x", CancellationToken.None));
            await FailsAsync(ErrorCode.NotSupported, () => connector.RemoveSnapshotAsync(running, "x", CancellationToken.None));
        }

        if (!can.GuestCommands)
        {
            await FailsAsync(ErrorCode.NotSupported, () => connector.RunInGuestAsync(
                new GuestCommand(running, ["true"], new Dictionary<string, string>(), TimeSpan.FromSeconds(10)), CancellationToken.None));
        }

        if (!can.GuestFiles)
        {
            await FailsAsync(ErrorCode.NotSupported, () => connector.CheckGuestFilesAsync(running, CancellationToken.None));
            await FailsAsync(ErrorCode.NotSupported, () => connector.CreateGuestFileAsync(running, "/root/file", CancellationToken.None));
        }

        if (!can.OfflineBackup)
        {
            await FailsAsync(ErrorCode.NotSupported, () => connector.OpenBackupAsync(Opening(off), CancellationToken.None));
        }

        if (!can.Quiesce)
        {
            await FailsAsync(ErrorCode.NotSupported, () => connector.OpenBackupAsync(
                Opening(running) with { Quiesce = QuiesceMode.Require }, CancellationToken.None));
        }

        if (!can.Restore || !can.RestoreInPlace)
        {
            var opening = new RestoreOpening { TaskGuid = NewTask(), Documents = [], Disks = [], OverwriteMachineUuid = can.Restore ? off : null };
            await FailsAsync(ErrorCode.NotSupported, () => connector.OpenRestoreAsync(opening, CancellationToken.None));
        }

        Assert.Empty(await platform.LeftoversAsync());
    }

    private static string NewTask() => Guid.NewGuid().ToString();

    private static BackupOpening Opening(string uuid, string? task = null, IReadOnlyDictionary<string, ParentDisk>? parents = null) =>
        new(task ?? NewTask(), uuid, new HashSet<string>(), QuiesceMode.No, parents ?? new Dictionary<string, ParentDisk>());

    private static async Task<VProtectException> FailsAsync(ErrorCode? code, Func<Task> call)
    {
        VProtectException failure = await Assert.ThrowsAnyAsync<VProtectException>(call);
        Assert.Equal(code ?? failure.Code, failure.Code);
        Assert.Equal(ErrorSide.Platform, failure.Side);
        Assert.False(string.IsNullOrWhiteSpace(failure.Message));
        Assert.False(string.IsNullOrWhiteSpace(failure.Guidance));
        return failure;
    }

    private static async Task FailsWithoutSecretAsync(IConnector connector, ConnectorEndpoint endpoint, ErrorCode code)
    {
        Assert.False(string.IsNullOrEmpty(endpoint.Secret));
        PlatformCheck check = await connector.CheckAsync(CancellationToken.None);
        Assert.False(check.IsUsable);
        Assert.NotEmpty(check.Findings);
        Assert.DoesNotContain(endpoint.Secret, string.Join(" ", check.Findings), StringComparison.Ordinal);
        foreach (Func<Task> call in new Func<Task>[]
        {
            () => connector.ReadInventoryAsync(CancellationToken.None),
            () => connector.OpenBackupAsync(Opening(Guid.NewGuid().ToString()), CancellationToken.None),
            () => connector.CleanUpAsync(new HashSet<string>(), CancellationToken.None),
        })
        {
            VProtectException failure = await FailsAsync(code, call);
            Assert.DoesNotContain(endpoint.Secret, failure + failure.Guidance, StringComparison.Ordinal);
        }
    }

    /// <summary>Fills all disks of a machine from a seed.</summary>
    /// <returns>Its disks' bytes, by id.</returns>
    private static async Task<Dictionary<string, byte[]>> FillAsync(ConformancePlatform platform, IConnector connector, string uuid, Random random)
    {
        var model = new Dictionary<string, byte[]>();
        foreach (InventoryDisk disk in (await MachineAsync(connector, uuid)).Disks)
        {
            byte[] content = RandomDisk.Create(random, platform.DiskBytes);
            await platform.WriteAsync(uuid, disk.Id, 0, content);
            model.Add(disk.Id, content);
        }

        return model;
    }

    private static async Task<InventoryMachine> MachineAsync(IConnector connector, string uuid) =>
        Assert.Single((await connector.ReadInventoryAsync(CancellationToken.None)).Machines, machine => machine.Uuid == uuid);
}
