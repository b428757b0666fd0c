using VProtect.Abstractions;
using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm;
using VProtect.Connectors.Kvm.Native;
using VProtect.Testing;

namespace VProtect.Connectors.Tests.Kvm;

/// <summary>
/// What happens to hosts. Each test ends with the right bytes or a clear error, the next backup correct and incremental again, and nothing of ours left on the host: no job, no
/// checkpoint but one for each destination, no bitmap without checkpoint, no file, no socket.
/// </summary>
[Collection(LibvirtTests.Name)]
public sealed class KvmSurvivalTests : IAsyncLifetime
{
    private readonly Random _random = new(11);

    public KvmSurvivalTests(LibvirtDaemon daemon) => Platform = new KvmConformancePlatform(daemon);

    private KvmConformancePlatform Platform { get; }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await Platform.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Killed_QEMU_costs_one_full_reading(bool duringBackup)
    {
        string uuid = await AddAsync();
        KvmBackup first = await KvmBackup.MakeAsync(Platform, uuid);
        await WriteAsync(uuid, 65_536);
        await using IConnector connector = Platform.Factory.Open(Platform.Endpoint);
        if (duringBackup)
        {
            IBackupAccess access = await connector.OpenBackupAsync(KvmBackup.Opening(uuid, first), CancellationToken.None);
            Kill("vm");
            await Assert.ThrowsAsync<VProtectException>(() => KvmBackup.ReadAsync(Platform, access, first));
            await access.DisposeAsync();
        }
        else
        {
            Kill("vm");
        }

        Assert.Empty(await Platform.LeftoversAsync());
        Platform.Daemon.Virsh("start", uuid, "--paused");
        KvmBackup second = await KvmBackup.MakeAsync(Platform, uuid, first);
        Assert.False(second.IsDelta);
        Assert.Contains(second.Warnings, warning => warning.Contains("vda", StringComparison.Ordinal) && warning.Contains("record of changes", StringComparison.Ordinal));
        await IsRightAsync(uuid, second);
        await NextIsDeltaAsync(uuid, second);
        await HasOnlyAsync(uuid, checkpoints: 1);
    }

    [Fact]
    public async Task Checkpoint_that_libvirt_forgot_is_learned_again_from_the_images()
    {
        string uuid = await AddAsync();
        KvmBackup first = await KvmBackup.MakeAsync(Platform, uuid);
        await WriteAsync(uuid, 65_536);
        Platform.Daemon.Virsh("checkpoint-delete", uuid, CheckpointOf(first), "--metadata");
        KvmBackup second = await KvmBackup.MakeAsync(Platform, uuid, first);
        Assert.True(second.IsDelta);
        await IsRightAsync(uuid, second);
        await HasOnlyAsync(uuid, checkpoints: 1);
    }

    [Fact]
    public async Task Checkpoint_that_is_gone_altogether_costs_one_full_reading()
    {
        string uuid = await AddAsync();
        KvmBackup first = await KvmBackup.MakeAsync(Platform, uuid);
        await WriteAsync(uuid, 65_536);
        Platform.Daemon.Virsh("checkpoint-delete", uuid, CheckpointOf(first));
        KvmBackup second = await KvmBackup.MakeAsync(Platform, uuid, first);
        Assert.False(second.IsDelta);
        Assert.Contains(second.Warnings, warning => warning.Contains("is gone", StringComparison.Ordinal));
        await NextIsDeltaAsync(uuid, second);
        await HasOnlyAsync(uuid, checkpoints: 1);
    }

    [Fact]
    public async Task Bitmap_lost_behind_the_back_of_its_checkpoint_costs_one_full_reading()
    {
        string uuid = await AddAsync();
        KvmBackup first = await KvmBackup.MakeAsync(Platform, uuid);
        await Platform.PowerOffAsync(uuid);
        Tool.Run("qemu-img", "bitmap", "--remove", "-f", "qcow2", ImageOf(uuid), CheckpointOf(first));
        Platform.Daemon.Virsh("start", uuid, "--paused");
        await WriteAsync(uuid, 65_536);
        KvmBackup second = await KvmBackup.MakeAsync(Platform, uuid, first);
        Assert.False(second.IsDelta);
        await IsRightAsync(uuid, second);
        await NextIsDeltaAsync(uuid, second);
        await HasOnlyAsync(uuid, checkpoints: 1);
    }

    [Fact]
    public async Task Resized_disk_is_read_whole_once()
    {
        string uuid = await AddAsync();
        KvmBackup first = await KvmBackup.MakeAsync(Platform, uuid);
        Platform.Daemon.Virsh("blockresize", uuid, "vda", "6M");
        await WriteAsync(uuid, 5 << 20);
        KvmBackup second = await KvmBackup.MakeAsync(Platform, uuid, first);
        Assert.False(second.IsDelta);
        Assert.Equal(6 << 20, second.Images["vda"].Length);
        await IsRightAsync(uuid, second);
        await NextIsDeltaAsync(uuid, second);
        await HasOnlyAsync(uuid, checkpoints: 1);
    }

    [Fact]
    public async Task Machine_that_was_switched_off_is_backed_up_by_what_QEMU_recorded_and_so_is_its_next_life()
    {
        string uuid = await AddAsync();
        KvmBackup first = await KvmBackup.MakeAsync(Platform, uuid);
        await WriteAsync(uuid, 65_536);
        await Platform.PowerOffAsync(uuid);
        KvmBackup second = await KvmBackup.MakeAsync(Platform, uuid, first);
        Assert.True(second.IsDelta);
        Assert.InRange(second.ChangedBytes, 1, 65_536);
        await IsRightAsync(uuid, second);
        Platform.Daemon.Virsh("start", uuid, "--paused");
        await WriteAsync(uuid, 1 << 20);
        KvmBackup third = await KvmBackup.MakeAsync(Platform, uuid, second);
        Assert.True(third.IsDelta);
        await IsRightAsync(uuid, third);
        await HasOnlyAsync(uuid, checkpoints: 1);
    }

    [Fact]
    public async Task Machine_cannot_be_started_while_its_images_are_read()
    {
        string uuid = await Platform.AddMachineAsync("vm", isRunning: false, diskCount: 1);
        await using IConnector connector = Platform.Factory.Open(Platform.Endpoint);
        await using (await connector.OpenBackupAsync(KvmBackup.Opening(uuid), CancellationToken.None))
        {
            Assert.Contains("lock", Tool.TryRun("virsh", "-c", Platform.Daemon.Uri, "start", uuid).Error, StringComparison.Ordinal);
        }

        Platform.Daemon.Virsh("start", uuid, "--paused");
    }

    [Fact]
    public async Task Snapshots_of_a_running_machine_and_backups_do_not_disturb_each_other()
    {
        string uuid = await AddAsync();
        await using IConnector connector = Platform.Factory.Open(Platform.Endpoint);
        KvmBackup first = await KvmBackup.MakeAsync(Platform, uuid);
        await WriteAsync(uuid, 0);
        MachineSnapshot snapshot = await connector.CreateSnapshotAsync(
            new SnapshotCreation(Guid.NewGuid().ToString(), uuid, "vprotect-nightly", QuiesceMode.No), CancellationToken.None);
        await WriteAsync(uuid, 1 << 20);
        KvmBackup second = await KvmBackup.MakeAsync(Platform, uuid, first);
        Assert.True(second.IsDelta);
        await IsRightAsync(uuid, second);
        await WriteAsync(uuid, 2 << 20);
        await connector.RemoveSnapshotAsync(uuid, snapshot.Id, CancellationToken.None);
        await WriteAsync(uuid, 3 << 20);
        KvmBackup third = await KvmBackup.MakeAsync(Platform, uuid, second);
        Assert.True(third.IsDelta);
        await IsRightAsync(uuid, third);
        await HasOnlyAsync(uuid, checkpoints: 1);
    }

    [Fact]
    public async Task Reverted_machine_is_read_whole_once()
    {
        string uuid = await AddAsync();
        await using IConnector connector = Platform.Factory.Open(Platform.Endpoint);
        MachineSnapshot snapshot = await connector.CreateSnapshotAsync(
            new SnapshotCreation(Guid.NewGuid().ToString(), uuid, "vprotect-nightly", QuiesceMode.No), CancellationToken.None);
        await WriteAsync(uuid, 0);
        KvmBackup first = await KvmBackup.MakeAsync(Platform, uuid);
        await connector.RevertSnapshotAsync(uuid, snapshot.Id, CancellationToken.None);
        KvmBackup second = await KvmBackup.MakeAsync(Platform, uuid, first);
        Assert.False(second.IsDelta);
        await IsRightAsync(uuid, second);
        await NextIsDeltaAsync(uuid, second);
        await connector.RemoveSnapshotAsync(uuid, snapshot.Id, CancellationToken.None);
        await HasOnlyAsync(uuid, checkpoints: 1);
    }

    [Fact]
    public async Task Two_destinations_have_records_of_their_own_and_a_full_backup_ends_the_one_it_replaces()
    {
        string uuid = await AddAsync();
        KvmBackup first = await KvmBackup.MakeAsync(Platform, uuid, destination: "first");
        await WriteAsync(uuid, 0);
        KvmBackup second = await KvmBackup.MakeAsync(Platform, uuid, destination: "second");
        await WriteAsync(uuid, 1 << 20);
        KvmBackup firstNext = await KvmBackup.MakeAsync(Platform, uuid, first, "first");
        await WriteAsync(uuid, 2 << 20);
        KvmBackup secondNext = await KvmBackup.MakeAsync(Platform, uuid, second, "second");
        Assert.True(firstNext.IsDelta && secondNext.IsDelta);
        await IsRightAsync(uuid, secondNext);
        await HasOnlyAsync(uuid, checkpoints: 2);
        _ = await KvmBackup.MakeAsync(Platform, uuid, destination: "first");
        await HasOnlyAsync(uuid, checkpoints: 2);
        Assert.True((await KvmBackup.MakeAsync(Platform, uuid, secondNext, "second")).IsDelta);
    }

    [Fact]
    public async Task Job_and_checkpoint_of_others_are_not_touched()
    {
        string uuid = await AddAsync();
        Platform.Daemon.Virsh("checkpoint-create-as", uuid, "theirs", "--diskspec", "vda,checkpoint=bitmap");
        KvmBackup first = await KvmBackup.MakeAsync(Platform, uuid);
        string job = Path.Join(Platform.WorkDirectory, "job.xml");
        File.WriteAllText(job, $"""
            <domainbackup mode='pull'><server transport='unix' socket='{Platform.WorkDirectory}/their.sock'/>
            <disks><disk name='vda' backup='yes' type='file'><scratch file='{Platform.WorkDirectory}/their.scratch'/></disk></disks></domainbackup>
            """);
        Platform.Daemon.Virsh("backup-begin", uuid, job);
        await using IConnector connector = Platform.Factory.Open(Platform.Endpoint);
        VProtectException busy = await Assert.ThrowsAsync<VProtectException>(() => connector.OpenBackupAsync(KvmBackup.Opening(uuid, first), CancellationToken.None));
        Assert.Equal((ErrorCode.MachineBusy, RetryAdvice.Later), (busy.Code, busy.Retry));
        Assert.Empty(await connector.CleanUpAsync(new HashSet<string>(), CancellationToken.None));
        Assert.Contains("their.sock", Platform.Daemon.Virsh("backup-dumpxml", uuid), StringComparison.Ordinal);
        Platform.Daemon.Virsh("domjobabort", uuid);
        await NextIsDeltaAsync(uuid, first);
        Assert.Contains("theirs", Platform.Daemon.Virsh("checkpoint-list", uuid, "--name"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backup_is_given_up_before_the_scratch_directory_is_full_and_the_guest_goes_on()
    {
        string scratch = Platform.Daemon.Small;
        string uuid = await AddAsync();
        Platform.ExtraSettings["scratchDirectory"] = scratch;
        Platform.ExtraSettings["scratchReserveMiB"] = "2";
        await using IConnector connector = Platform.Factory.Open(Platform.Endpoint);
        IBackupAccess access = await connector.OpenBackupAsync(KvmBackup.Opening(uuid), CancellationToken.None);
        await WriteAsync(uuid, 0, 2 << 20);
        while (access.Warnings.Count == 0)
        {
            await Task.Delay(20);
        }

        Assert.Contains("given up", access.Warnings[0], StringComparison.Ordinal);
        await access.DisposeAsync();
        await WriteAsync(uuid, 2 << 20, 2 << 20);
        await HasOnlyAsync(uuid, checkpoints: 0);
        Assert.Empty(Directory.EnumerateFileSystemEntries(scratch));

        // And when there is too little to begin with.
        string filler = Path.Join(scratch, "filler");
        File.WriteAllBytes(filler, new byte[3 << 20]);
        VProtectException refusal = await Assert.ThrowsAsync<VProtectException>(() => connector.OpenBackupAsync(KvmBackup.Opening(uuid), CancellationToken.None));
        Assert.Contains(scratch, refusal.Message, StringComparison.Ordinal);
        File.Delete(filler);
        await HasOnlyAsync(uuid, checkpoints: 0);
    }

    [Fact]
    public async Task Discarded_ranges_cost_nothing_to_read()
    {
        string uuid = await AddAsync();
        KvmBackup first = await KvmBackup.MakeAsync(Platform, uuid);
        Monitor.Io(Platform.Api, uuid, "vda", "discard 1M 2M");
        KvmBackup second = await KvmBackup.MakeAsync(Platform, uuid, first);
        Assert.True(second.IsDelta);
        Assert.Equal(0, second.ChangedBytes);
        Assert.All(second.Images["vda"][(1 << 20)..(3 << 20)], value => Assert.Equal(0, value));
    }

    [Fact]
    public async Task Backups_killed_one_after_the_other_leave_no_more_than_the_next_can_ask_for()
    {
        string uuid = await AddAsync();
        KvmBackup first = await KvmBackup.MakeAsync(Platform, uuid);
        for (int i = 0; i < 3; i++)
        {
            // Forgotten: what a killed node would leave.
            await using IConnector dying = Platform.Factory.Open(Platform.Endpoint);
            _ = await dying.OpenBackupAsync(KvmBackup.Opening(uuid, first), CancellationToken.None);
            await using IConnector connector = Platform.Factory.Open(Platform.Endpoint);
            Assert.NotEmpty(await connector.CleanUpAsync(new HashSet<string>(), CancellationToken.None));
        }

        await HasOnlyAsync(uuid, checkpoints: 2);
        await WriteAsync(uuid, 0);
        await NextIsDeltaAsync(uuid, first);
        await HasOnlyAsync(uuid, checkpoints: 1);
    }

    [Fact]
    public async Task Raw_disk_beside_a_qcow2_is_read_whole_and_the_other_by_its_changes()
    {
        string raw = Path.Join(Platform.WorkDirectory, "b.raw");
        string qcow2 = Path.Join(Platform.WorkDirectory, "a.qcow2");
        Tool.Run("qemu-img", "create", "-q", "-f", "raw", raw, "4M");
        Tool.Run("qemu-img", "create", "-q", "-f", "qcow2", qcow2, "4M");
        string uuid = Platform.Define("mixed", $"""
            <disk type='file' device='disk'><driver name='qemu' type='qcow2' discard='unmap'/><source file='{qcow2}'/><target dev='vda' bus='virtio'/></disk>
            <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{raw}'/><target dev='vdb' bus='virtio'/></disk>
            <disk type='file' device='cdrom'><target dev='hdc' bus='ide'/><readonly/></disk>
            """);
        Platform.Daemon.Virsh("start", uuid, "--paused");
        KvmBackup first = await KvmBackup.MakeAsync(Platform, uuid);
        await WriteAsync(uuid, 0);
        KvmBackup second = await KvmBackup.MakeAsync(Platform, uuid, first);
        Assert.IsType<VProtect.Abstractions.ChangedBlocks.Delta>(second.Answers["vda"]);
        Assert.IsType<VProtect.Abstractions.ChangedBlocks.MustFull>(second.Answers["vdb"]);
        await IsRightAsync(uuid, second);
        await Platform.PowerOffAsync(uuid);
        KvmBackup third = await KvmBackup.MakeAsync(Platform, uuid, second);
        Assert.IsType<VProtect.Abstractions.ChangedBlocks.Delta>(third.Answers["vda"]);
        await IsRightAsync(uuid, third);
        Assert.Empty(await Platform.LeftoversAsync());
    }

    /// <summary>As logical volumes are: a block device, whose scratch file lies elsewhere and which keeps no record of changes.</summary>
    [Fact]
    public async Task Block_device_is_backed_up_running_and_off_and_restored()
    {
        string file = Path.Join(Platform.WorkDirectory, "volume");
        Tool.Run("truncate", "-s", "4M", file);
        using var device = new LoopDevice(file);
        Platform.ExtraSettings["scratchDirectory"] = Platform.WorkDirectory;
        string uuid = Platform.Define("volume", $"""
            <disk type='block' device='disk'><driver name='qemu' type='raw'/><source dev='{device.Path}'/><target dev='vda' bus='virtio'/></disk>
            """);
        Platform.Daemon.Virsh("start", uuid, "--paused");
        await WriteAsync(uuid, 0, 1 << 20);
        KvmBackup first = await KvmBackup.MakeAsync(Platform, uuid);
        await IsRightAsync(uuid, first);
        await WriteAsync(uuid, 2 << 20);
        KvmBackup second = await KvmBackup.MakeAsync(Platform, uuid, first);
        Assert.IsType<VProtect.Abstractions.ChangedBlocks.MustFull>(second.Answers["vda"]);
        await IsRightAsync(uuid, second);
        await Platform.PowerOffAsync(uuid);
        KvmBackup third = await KvmBackup.MakeAsync(Platform, uuid, second);
        Assert.Equal(second.Images["vda"], third.Images["vda"]);
        Assert.Equal(third.Images["vda"], await File.ReadAllBytesAsync(file));
        Assert.Empty(await Platform.LeftoversAsync());
        Platform.Daemon.Virsh("undefine", uuid, "--checkpoints-metadata");
    }

    private async Task<string> AddAsync()
    {
        string uuid = await Platform.AddMachineAsync("vm", isRunning: true, diskCount: 1);
        await WriteAsync(uuid, 0, Platform.DiskBytes);
        return uuid;
    }

    private Task WriteAsync(string uuid, int offsetBytes, int lengthBytes = 4096)
    {
        byte[] bytes = new byte[lengthBytes];
        _random.NextBytes(bytes);
        return Platform.WriteAsync(uuid, "vda", offsetBytes, bytes);
    }

    private void Kill(string name)
    {
        string file = Path.Join(Platform.Daemon.RunDirectory, "qemu", name + ".pid");
        Tool.Run("kill", "-9", File.ReadAllText(file).Trim());
        while (!Platform.Daemon.Virsh("domstate", name).Contains("shut off", StringComparison.Ordinal))
        {
            Thread.Sleep(20);
        }
    }

    private string ImageOf(string uuid)
    {
        using DomainHandle domain = Platform.Api.LookupDomain(uuid);
        return DomainDefinition.Parse(LibvirtApi.GetXml(domain)).Find("vda")!.Path!;
    }

    private static string CheckpointOf(KvmBackup backup) => CheckpointToken.TryRead(backup.Parents["vda"].Token!)!.Checkpoint;

    private async Task IsRightAsync(string uuid, KvmBackup backup)
    {
        foreach ((string disk, byte[] image) in backup.Images)
        {
            Assert.Equal(await Platform.ReadAsync(uuid, disk), image);
        }
    }

    private async Task NextIsDeltaAsync(string uuid, KvmBackup parent)
    {
        await WriteAsync(uuid, 2 << 20);
        KvmBackup next = await KvmBackup.MakeAsync(Platform, uuid, parent);
        Assert.True(next.IsDelta, string.Join(' ', next.Warnings));
        Assert.Empty(next.Warnings);
        await IsRightAsync(uuid, next);
    }

    private async Task HasOnlyAsync(string uuid, int checkpoints)
    {
        Assert.Empty(await Platform.LeftoversAsync());
        string[] names = Platform.Daemon.Virsh("checkpoint-list", uuid, "--name").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Equal(checkpoints, names.Length);
        using (DomainHandle domain = Platform.Api.LookupDomain(uuid))
        {
            if (InventoryReader.ToPower(LibvirtApi.GetState(domain)) != PowerState.Off)
            {
                await Platform.PowerOffAsync(uuid);
            }
        }

        string info = Tool.Run("qemu-img", "info", "--output=json", "-f", "qcow2", ImageOf(uuid));
        Assert.Equal(names.Order(StringComparer.Ordinal), ImageInfo.ReadBitmaps(info).Keys.Order(StringComparer.Ordinal));
        Platform.Daemon.Virsh("start", uuid, "--paused");
    }
}
