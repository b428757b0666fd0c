using Microsoft.Extensions.Logging.Abstractions;
using VProtect.Mover.Store;
using VProtect.Mover.View;
using VProtect.Mover.View.Overlay;
using VProtect.Nbd.Server;

namespace VProtect.Mover.Tests.View.Overlay;

/// <summary>An overlay over a restore point, from the mount to the next restore point.</summary>
public sealed class OverlayCommitTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task What_was_written_becomes_a_restore_point_and_only_that_is_read()
    {
        using var directory = new TemporaryDirectory();
        byte[] content = SparseDisk.Create(seed: 3, 8 << 20);
        await using TestRepository repository = await TestRepository.CreateAsync();
        RestorePoint point = await repository.BackUpAsync(content);
        await using VirtualDisk below = await VirtualDiskTests.OpenAsync(repository, point, new ViewCache(new ViewOptions()));
        await using OverlayDisk disk = OverlayDisk.Open(directory["overlay"], below, OverlayBases.Of(repository.Repository, below), TimeProvider.System);
        byte[] changed = [.. content];
        new Random(1).NextBytes(changed.AsSpan(1_000_000, 50_000));
        await disk.WriteAsync(1_000_000, changed.AsMemory(1_000_000, 50_000), None);
        changed.AsSpan(4 << 20, 1 << 20).Clear();
        await disk.WriteZerosAsync(4 << 20, 1 << 20, None);

        await using var source = new OverlaySource(disk, point.Id);
        RestorePoint next = await new BackupPipeline(repository.Chunks, new BackupOptions { BufferBytes = 8 << 20 }, new BackupCounters(), TimeProvider.System)
            .RunAsync(new BackupRequest { Machine = "vm", Parent = point.Id, Disks = [new BackupDisk("disk0", source)] }, None);
        Assert.Equal(BackupMode.Delta, next.Disks[0].Mode);
        Assert.InRange(next.Disks[0].ReadBytes, 1, 2 << 20);
        Assert.Equal(changed, await repository.RestoreAsync(next));
        Assert.Equal(content, await repository.RestoreAsync(point));
        await using VirtualDisk committed = await VirtualDiskTests.OpenAsync(repository, next, new ViewCache(new ViewOptions()));
        await OverlayDiskTests.AssertHoldsAsync(committed, changed);
    }

    [Fact]
    public async Task Real_clients_write_through_nbd_and_find_it_again()
    {
        using var directory = new TemporaryDirectory();
        byte[] content = SparseDisk.Create(seed: 5, 24 << 20);
        await using TestRepository repository = await TestRepository.CreateAsync();
        RestorePoint point = await repository.BackUpAsync(content);
        await using VirtualDisk below = await VirtualDiskTests.OpenAsync(repository, point, new ViewCache(new ViewOptions()));
        string uri = $"nbd+unix:///disk0?socket={directory["s"]}";
        for (int life = 0; life < 2; life++)
        {
            await using OverlayDisk disk = OverlayDisk.Open(directory["overlay"], below, OverlayBases.Of(repository.Repository, below), TimeProvider.System);
            await using var server = new NbdServer(new NbdServerOptions(), NullLogger<NbdServer>.Instance, TimeProvider.System);
            server.AddExport("disk0", new OverlayExport(disk, description: null));
            server.Listen(directory["s"]);
            if (life == 0)
            {
                Tool.Run(
                    "fio", "--name=v", "--ioengine=nbd", $"--uri={uri}", "--rw=randwrite", "--bsrange=512-128k", "--bs_unaligned=1", "--iodepth=16", "--size=16M", "--offset=4M",
                    "--verify=crc32c", "--verify_fatal=1", "--do_verify=1", "--fsync=64", "--randseed=3", "--trim_percentage=10", "--trim_verify_zero=0", "--output=" + directory["fio.log"]);
                Tool.Run("qemu-io", "-f", "raw", uri, "-c", "write -P 0x77 100k 3000k", "-c", "discard 1M 512k", "-c", "write -z 2M 64k", "-c", "flush");
            }

            Tool.Run("qemu-io", "-f", "raw", uri, "-c", "read -P 0x77 100k 900k", "-c", "read -P 0 1M 512k", "-c", "read -P 0 2M 64k", "-c", "read -P 0x77 2112k 900k");
            string map = Tool.Run("nbdinfo", "--map=vprotect:overlay", uri);
            Assert.Matches(@"^\s+0\s+102400\s+0\s+102400\s+\d+\s+1", map);
        }
    }

    [Fact]
    public async Task A_restore_point_is_copied_out_over_nbd_byte_for_byte()
    {
        using var directory = new TemporaryDirectory();
        byte[] content = SparseDisk.Create(seed: 6, 24 << 20);
        await using TestRepository repository = await TestRepository.CreateAsync();
        RestorePoint point = await repository.BackUpAsync(content);
        await using VirtualDisk disk = await VirtualDiskTests.OpenAsync(repository, point, new ViewCache(new ViewOptions()));
        await using var server = new NbdServer(new NbdServerOptions(), NullLogger<NbdServer>.Instance, TimeProvider.System);
        server.AddExport("disk0", new VirtualDiskExport(disk, description: null));
        server.Listen(directory["s"]);
        Tool.Run("nbdcopy", $"nbd+unix:///disk0?socket={directory["s"]}", directory["copy"]);
        Assert.Equal(content, await File.ReadAllBytesAsync(directory["copy"]));
    }
}
