using VProtect.Abstractions;
using VProtect.Mover.Deliver.BlockTarget;

namespace VProtect.Mover.Tests.Deliver.BlockTarget;

public sealed class NbdTargetTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Export_is_written_zeroes_included()
    {
        byte[] old = new byte[8 << 20];
        new Random(1).NextBytes(old);
        byte[] disk = SparseDisk.Create(2, (6 << 20) + 100);
        using (StorageDaemon daemon = Start(old))
        {
            await using IBlockTarget target = await OpenAsync(daemon, disk.Length);
            byte[] read = new byte[1000];
            await target.ReadAsync(77, read, None);
            Assert.Equal(old[77..1077], read);
            await SparseDisk.WriteAsync(target, disk, seed: 3);
            await target.CompleteAsync(None);
        }

        File.WriteAllBytes(_directory["raw"], [.. disk, .. old[disk.Length..]]);
        Tool.Run("qemu-img", "compare", "-f", "qcow2", "-F", "raw", _directory["disk.qcow2"], _directory["raw"]);
    }

    [Fact]
    public async Task Export_that_is_too_small_is_refused()
    {
        using StorageDaemon daemon = Start(new byte[1 << 20]);
        VProtectException error = await Assert.ThrowsAsync<VProtectException>(() => OpenAsync(daemon, (1 << 20) + 1));
        Assert.Equal(ErrorCode.TargetUnavailable, error.Code);
    }

    [Fact]
    public async Task Server_that_dies_is_a_target_error()
    {
        StorageDaemon daemon = Start(new byte[1 << 20]);
        await using IBlockTarget target = await OpenAsync(daemon, 1 << 20);
        daemon.Dispose();
        VProtectException error = await Assert.ThrowsAsync<VProtectException>(
            async () => await target.WriteAsync(0, new byte[4096], None));
        Assert.Equal((ErrorCode.TargetWriteFailed, ErrorSide.Target), (error.Code, error.Side));
        await Assert.ThrowsAsync<VProtectException>(async () => await target.CompleteAsync(None));
    }

    private static async Task<IBlockTarget> OpenAsync(StorageDaemon daemon, long sizeBytes) =>
        await BlockTargetFactory.OpenAsync(daemon.Uri, new TargetOptions { SizeBytes = sizeBytes }, None);

    private StorageDaemon Start(byte[] content)
    {
        File.WriteAllBytes(_directory["raw"], content);
        Tool.Run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", _directory["raw"], _directory["disk.qcow2"]);
        return new StorageDaemon(_directory["disk.qcow2"], _directory["socket"]);
    }
}
