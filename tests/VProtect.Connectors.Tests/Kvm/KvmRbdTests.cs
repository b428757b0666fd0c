using System.Globalization;
using VProtect.Abstractions;
using VProtect.Connectors.Contract;
using VProtect.Testing;

namespace VProtect.Connectors.Tests.Kvm;

/// <summary>A Ceph cluster for the tests of disks in one.</summary>
public sealed class CephFixture : IAsyncLifetime
{
    public CephCluster Cluster { get; } = new();

    public Task InitializeAsync() => Cluster.StartAsync();

    public Task DisposeAsync()
    {
        Cluster.Dispose();
        return Task.CompletedTask;
    }
}

/// <summary>Disks on RBD: libvirt, QEMU and Ceph as they are. Each test ends with one snapshot of ours, that of the newest backup, and nothing else left.</summary>
[Collection(LibvirtTests.Name)]
public sealed class KvmRbdTests : IClassFixture<CephFixture>, IAsyncLifetime
{
    private const int SizeBytes = 24 << 20;

    private readonly CephCluster _cluster;
    private readonly KvmConformancePlatform _platform;
    private readonly string _image = "vm-" + Guid.NewGuid().ToString("N")[..6];
    private readonly byte[] _content = new byte[SizeBytes];
    private readonly Random _random = new(5);
    private string _secret = "";

    public KvmRbdTests(LibvirtDaemon daemon, CephFixture ceph) => (_cluster, _platform) = (ceph.Cluster, new KvmConformancePlatform(daemon));

    private string Spec => $"{CephCluster.Pool}/{_image}";

    public Task InitializeAsync()
    {
        _platform.ExtraSettings["scratchDirectory"] = _platform.WorkDirectory;
        _secret = Guid.NewGuid().ToString();
        string file = Path.Join(_platform.WorkDirectory, "secret.xml");
        File.WriteAllText(file, $"<secret ephemeral='no' private='no'><uuid>{_secret}</uuid><usage type='ceph'><name>{_secret}</name></usage></secret>");
        _platform.Daemon.Virsh("secret-define", file);
        _platform.Daemon.Virsh("secret-set-value", _secret, "--base64", _cluster.Key);
        _cluster.Rbd("create", Spec, "--size", "24M", "--object-size", "1M");
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _platform.DisposeAsync();
        _platform.Daemon.Virsh("secret-undefine", _secret);
        _cluster.Rbd("snap", "purge", Spec);
        _cluster.Rbd("rm", Spec, "--no-progress");
    }

    [Fact]
    public async Task Running_machine_is_backed_up_by_what_changed()
    {
        string uuid = Add(isRunning: true);
        Write(uuid, 0, 3 << 20);
        Write(uuid, 20 << 20, 100_000);
        KvmBackup first = await KvmBackup.MakeAsync(_platform, uuid);
        IsRight(first);
        first = await KvmBackup.MakeAsync(_platform, uuid, first);
        Assert.Equal(0, first.ChangedBytes);

        Write(uuid, 5 << 20, 8192);
        Discard(uuid, 1 << 20, 1 << 20);
        KvmBackup second = await KvmBackup.MakeAsync(_platform, uuid, first);
        Assert.True(second.IsDelta);
        Assert.InRange(second.ChangedBytes, 8192, 4 << 20);
        IsRight(second);
        Assert.Empty(second.Warnings);
        Assert.Single(Snapshots());
        Assert.Empty(await _platform.LeftoversAsync());
    }

    [Fact]
    public async Task What_is_written_between_the_snapshots_and_the_instant_is_told_by_the_next_backup()
    {
        string uuid = Add(isRunning: true);
        Write(uuid, 0, 1 << 20);
        KvmBackup first = await KvmBackup.MakeAsync(_platform, uuid);
        for (int round = 0; round < 3; round++)
        {
            Write(uuid, _random.Next(20) << 20, 65_536);
            await using IConnector connector = _platform.Factory.Open(_platform.Endpoint);
            IBackupAccess access = await connector.OpenBackupAsync(KvmBackup.Opening(uuid, first), CancellationToken.None);
            byte[] asOfNow = [.. _content];

            // After the instant: not in this restore point, and in the next.
            Write(uuid, _random.Next(20) << 20, 65_536);
            KvmBackup next = await KvmBackup.ReadAsync(_platform, access, first);
            await access.CommittedAsync(CancellationToken.None);
            await access.DisposeAsync();
            Assert.True(next.IsDelta);
            Assert.True(asOfNow.AsSpan().SequenceEqual(next.Images["vda"]));
            first = next;
        }

        Assert.Single(Snapshots());
    }

    [Fact]
    public async Task Machine_that_is_off_is_read_from_its_snapshot_and_may_be_started_meanwhile()
    {
        string uuid = Add(isRunning: true);
        Write(uuid, 0, 2 << 20);
        KvmBackup first = await KvmBackup.MakeAsync(_platform, uuid);
        Write(uuid, 7 << 20, 4096);
        await _platform.PowerOffAsync(uuid);
        await using IConnector connector = _platform.Factory.Open(_platform.Endpoint);
        Inventory inventory = await connector.ReadInventoryAsync(CancellationToken.None);
        InventoryDisk disk = inventory.Machines.Single(machine => machine.Uuid == uuid).Disks.Single();
        Assert.Equal((SizeBytes, null), (disk.SizeBytes, disk.Obstacle));

        IBackupAccess access = await connector.OpenBackupAsync(KvmBackup.Opening(uuid, first), CancellationToken.None);
        byte[] asOfNow = [.. _content];
        _platform.Daemon.Virsh("start", uuid, "--paused");
        Write(uuid, 7 << 20, 4096);
        KvmBackup second = await KvmBackup.ReadAsync(_platform, access, first);
        await access.CommittedAsync(CancellationToken.None);
        await access.DisposeAsync();
        Assert.True(second.IsDelta);
        Assert.InRange(second.ChangedBytes, 4096, 2 << 20);
        Assert.True(asOfNow.AsSpan().SequenceEqual(second.Images["vda"]));
        Assert.Single(Snapshots());

        KvmBackup third = await KvmBackup.MakeAsync(_platform, uuid, second);
        Assert.True(third.IsDelta);
        IsRight(third);
        Assert.Empty(await _platform.LeftoversAsync());
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("resized")]
    [InlineData("no exclusive lock")]
    public async Task Record_that_cannot_be_trusted_costs_one_full_reading(string what)
    {
        string uuid = Add(isRunning: false);
        if (what == "no exclusive lock")
        {
            _cluster.Rbd("feature", "disable", Spec, "fast-diff", "object-map", "exclusive-lock");
        }

        _platform.Daemon.Virsh("start", uuid, "--paused");
        Write(uuid, 0, 1 << 20);
        KvmBackup first = await KvmBackup.MakeAsync(_platform, uuid);
        if (what == "gone")
        {
            _cluster.Rbd("snap", "purge", Spec, "--no-progress");
        }

        if (what == "resized")
        {
            _platform.Daemon.Virsh("blockresize", uuid, "vda", "28M");
        }

        Write(uuid, 3 << 20, 4096);
        KvmBackup second = await KvmBackup.MakeAsync(_platform, uuid, first);
        Assert.False(second.IsDelta);
        Assert.Contains(second.Warnings, warning => warning.Contains("vda is read whole", StringComparison.Ordinal));
        Assert.Equal(what == "resized" ? 28 << 20 : SizeBytes, second.Images["vda"].Length);
        Assert.True(second.Images["vda"].AsSpan(0, SizeBytes).SequenceEqual(_content));
        if (what != "no exclusive lock")
        {
            Assert.True((await KvmBackup.MakeAsync(_platform, uuid, second)).IsDelta);
            Assert.Single(Snapshots());
        }
    }

    [Fact]
    public async Task Backup_that_fails_or_dies_leaves_the_record_of_the_one_before()
    {
        string uuid = Add(isRunning: true);
        Write(uuid, 0, 1 << 20);
        KvmBackup first = await KvmBackup.MakeAsync(_platform, uuid);
        string kept = Assert.Single(Snapshots());
        await using IConnector connector = _platform.Factory.Open(_platform.Endpoint);
        await using (await connector.OpenBackupAsync(KvmBackup.Opening(uuid, first), CancellationToken.None))
        {
            Assert.Equal(2, Snapshots().Count);
        }

        Assert.Equal(kept, Assert.Single(Snapshots()));

        // A node that is killed leaves both, and perhaps the one it counted to.
        string task = Guid.NewGuid().ToString();
        _cluster.Rbd("snap", "create", $"{Spec}@{TaskMark.Of(task)}", "--no-progress");
        _cluster.Rbd("snap", "create", $"{Spec}@theirs", "--no-progress");
        await connector.CleanUpAsync(new HashSet<string> { task }, CancellationToken.None);
        Assert.Equal(3, Snapshots().Count);
        await connector.CleanUpAsync(new HashSet<string>(), CancellationToken.None);
        Assert.Equal([kept, "theirs"], Snapshots().Order(StringComparer.Ordinal).Reverse());

        Write(uuid, 9 << 20, 4096);
        KvmBackup second = await KvmBackup.MakeAsync(_platform, uuid, first);
        Assert.True(second.IsDelta);
        IsRight(second);
    }

    [Fact]
    public async Task Restore_writes_over_the_image_and_the_next_backup_is_incremental()
    {
        string uuid = Add(isRunning: true);
        Write(uuid, 0, 1 << 20);
        Write(uuid, 12 << 20, 65_536);
        KvmBackup first = await KvmBackup.MakeAsync(_platform, uuid);
        byte[] restored = [.. _content];
        Write(uuid, 0, 1 << 20);
        await _platform.PowerOffAsync(uuid);
        await using IConnector connector = _platform.Factory.Open(_platform.Endpoint);
        var opening = new RestoreOpening
        {
            TaskGuid = Guid.NewGuid().ToString(),
            Documents = [],
            Disks = [new RestoreDisk("vda", SizeBytes, StorageId: null)],
            OverwriteMachineUuid = uuid,
        };
        await using (IRestoreAccess access = await connector.OpenRestoreAsync(opening, CancellationToken.None))
        {
            await using (IBlockTarget target = await _platform.OpenTargetAsync(access.Disks.Single(), SizeBytes, CancellationToken.None))
            {
                await target.WriteAsync(0, restored, CancellationToken.None);
                await target.CompleteAsync(CancellationToken.None);
            }

            await access.CompleteAsync(powerOn: false, CancellationToken.None);
        }

        restored.CopyTo(_content, 0);
        KvmBackup second = await KvmBackup.MakeAsync(_platform, uuid, first);
        Assert.True(second.IsDelta);
        IsRight(second);
        Assert.Empty(await _platform.LeftoversAsync());
    }

    private string Add(bool isRunning)
    {
        string uuid = _platform.Define("vm", string.Create(CultureInfo.InvariantCulture, $"""
            <disk type='network' device='disk'>
              <driver name='qemu' type='raw' discard='unmap' cache='writeback'/>
              <auth username='{CephCluster.User}'><secret type='ceph' uuid='{_secret}'/></auth>
              <source protocol='rbd' name='{Spec}'><host name='127.0.0.1' port='{_cluster.Port}'/></source>
              <target dev='vda' bus='virtio'/>
            </disk>
            """));
        if (isRunning)
        {
            _platform.Daemon.Virsh("start", uuid, "--paused");
        }

        return uuid;
    }

    private void Write(string uuid, int offsetBytes, int lengthBytes)
    {
        byte[] bytes = new byte[lengthBytes];
        _random.NextBytes(bytes);
        bytes.CopyTo(_content, offsetBytes);
        string file = Path.Join(_platform.WorkDirectory, "write");
        File.WriteAllBytes(file, bytes);
        Monitor.Io(_platform.Api, uuid, "vda", string.Create(CultureInfo.InvariantCulture, $"write -s {file} {offsetBytes} {lengthBytes}"));
        File.Delete(file);
    }

    private void Discard(string uuid, int offsetBytes, int lengthBytes)
    {
        _content.AsSpan(offsetBytes, lengthBytes).Clear();
        Monitor.Io(_platform.Api, uuid, "vda", string.Create(CultureInfo.InvariantCulture, $"discard {offsetBytes} {lengthBytes}"));
    }

    private void IsRight(KvmBackup backup) => Assert.True(_content.AsSpan().SequenceEqual(backup.Images["vda"]));

    private List<string> Snapshots() =>
    [
        .. _cluster.Rbd("snap", "ls", Spec, "--format", "json").Split("\"name\":\"", StringSplitOptions.None).Skip(1).Select(part => part.Split('"')[0]),
    ];
}
