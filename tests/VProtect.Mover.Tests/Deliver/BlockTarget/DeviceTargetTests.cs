using VProtect.Abstractions;
using VProtect.Mover.Deliver.BlockTarget;

namespace VProtect.Mover.Tests.Deliver.BlockTarget;

public sealed class DeviceTargetTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Device_is_written_zeroes_included_and_what_lies_behind_the_disk_stays()
    {
        byte[] old = new byte[8 << 20];
        new Random(1).NextBytes(old);
        File.WriteAllBytes(_directory["device"], old);
        byte[] disk = SparseDisk.Create(2, (6 << 20) + 512);
        using (var device = new LoopDevice(_directory["device"]))
        {
            await using IBlockTarget target = await BlockTargetFactory.OpenAsync(
                device.Path, new TargetOptions { SizeBytes = disk.Length }, None);
            Assert.IsType<DeviceTarget>(target);
            byte[] read = new byte[4096];
            await target.ReadAsync(4096, read, None);
            Assert.Equal(old[4096..8192], read);
            await SparseDisk.WriteAsync(target, disk, seed: 3);
            await target.CompleteAsync(None);
        }

        Assert.Equal([.. disk, .. old[disk.Length..]], File.ReadAllBytes(_directory["device"]));
    }

    [Fact]
    public void Device_that_is_too_small_or_in_use_is_refused()
    {
        File.WriteAllBytes(_directory["device"], new byte[16 << 20]);
        Tool.Run("mkfs.ext4", "-q", _directory["device"]);
        using var device = new LoopDevice(_directory["device"]);
        VProtectException error = Assert.Throws<VProtectException>(
            () => DeviceTarget.Open(device.Path, new TargetOptions { SizeBytes = (16 << 20) + 1 }));
        Assert.Contains("at least as large", error.Guidance, StringComparison.Ordinal);

        using var mount = new TemporaryMount(device.Path);
        error = Assert.Throws<VProtectException>(() => DeviceTarget.Open(device.Path, new TargetOptions { SizeBytes = 1 }));
        Assert.Equal(ErrorCode.TargetUnavailable, error.Code);
        Assert.Contains("busy", error.Message, StringComparison.Ordinal);
    }
}
