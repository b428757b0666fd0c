using VProtect.Abstractions;
using VProtect.Mover.Acquire.BlockSource;
using VProtect.Mover.Deliver.BlockTarget;

namespace VProtect.Mover.Tests.Deliver.BlockTarget;

public sealed class QemuNbdTargetTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("disk.qcow2", "qcow2")]
    [InlineData("disk.vmdk", "vmdk")]
    [InlineData("disk.vhdx", "vhdx")]
    [InlineData("disk.vhd", "vpc")]
    [InlineData("disk.VPC", "vpc")]
    [InlineData("disk.vdi", "vdi")]
    public async Task Image_of_every_format_holds_the_disk(string name, string driver)
    {
        byte[] disk = SparseDisk.Create(7, (20 << 20) + (3 * 512));
        File.WriteAllBytes(_directory["disk.raw"], disk);
        await using (IBlockTarget target = await OpenAsync(name, disk.Length))
        {
            Assert.True(target.IsZeroed);
            await SparseDisk.WriteAsync(target, disk, seed: 1);
            Assert.False(File.Exists(_directory[name]));
            await target.CompleteAsync(None);
        }

        Assert.Equal(2, Directory.GetFiles(_directory.Path).Length);
        Tool.Run("qemu-img", "compare", "-f", driver, "-F", "raw", _directory[name], _directory["disk.raw"]);

        // And back again, through our own source.
        await using IBlockSource source = await BlockSourceFactory.OpenAsync(_directory[name], new SourceOptions(), None);
        Assert.Equal(disk, await SparseDisk.ReadAsync(source));
    }

    [Fact]
    public async Task Odd_size_is_rounded_up_to_a_sector_of_zeros()
    {
        byte[] disk = SparseDisk.Create(7, 1_000_001);
        await using (IBlockTarget target = await OpenAsync("disk.qcow2", disk.Length))
        {
            await SparseDisk.WriteAsync(target, disk, seed: 1);
            await target.CompleteAsync(None);
        }

        await using IBlockSource source = await BlockSourceFactory.OpenAsync(_directory["disk.qcow2"], new SourceOptions(), None);
        byte[] read = await SparseDisk.ReadAsync(source);
        Assert.Equal(disk, read[..disk.Length]);
        Assert.Equal(-1, read.AsSpan(disk.Length).IndexOfAnyExcept((byte)0));
        Assert.Equal(0, read.Length % 512);
    }

    [Fact]
    public async Task Vmdk_names_itself_by_its_final_name()
    {
        await using (IBlockTarget target = await OpenAsync("disk.vmdk", 1 << 20))
        {
            await target.CompleteAsync(None);
        }

        byte[] descriptor = File.ReadAllBytes(_directory["disk.vmdk"])[512..(21 * 512)];
        string text = System.Text.Encoding.ASCII.GetString(descriptor);
        Assert.Contains("RW 2048 SPARSE \"disk.vmdk\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("vprotect", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restore_that_is_given_up_leaves_nothing()
    {
        await using (IBlockTarget target = await OpenAsync("disk.qcow2", 1 << 20))
        {
            await target.WriteAsync(0, new byte[4096], None);
        }

        Assert.Empty(Directory.GetFiles(_directory.Path));
    }

    [Fact]
    public async Task Differential_restore_changes_the_image_in_place()
    {
        byte[] old = SparseDisk.Create(8, 8 << 20);
        File.WriteAllBytes(_directory["old.raw"], old);
        Tool.Run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", _directory["old.raw"], _directory["disk.img"]);
        byte[] disk = SparseDisk.Create(9, 8 << 20);
        // The ending says raw; what is there is qcow2 and stays it.
        await using (IBlockTarget target = await BlockTargetFactory.OpenAsync(
            _directory["disk.img"], new TargetOptions { SizeBytes = disk.Length, Differential = true }, None))
        {
            byte[] read = new byte[old.Length];
            await target.ReadAsync(0, read, None);
            Assert.Equal(old, read);
            Assert.Equal(disk.Length, (await target.GetExtentsAsync(None).ToListAsync()).Sum(extent => extent.LengthBytes));
            await SparseDisk.WriteAsync(target, disk, seed: 1);
            await target.CompleteAsync(None);
        }

        File.WriteAllBytes(_directory["disk.raw"], disk);
        Tool.Run("qemu-img", "compare", "-f", "qcow2", "-F", "raw", _directory["disk.img"], _directory["disk.raw"]);
    }

    [Fact]
    public async Task Existing_image_and_impossible_size_are_clear_errors()
    {
        File.WriteAllText(_directory["disk.qcow2"], "x");
        Assert.Equal(ErrorCode.TargetUnavailable, (await Assert.ThrowsAsync<VProtectException>(
            () => OpenAsync("disk.qcow2", 1 << 20))).Code);
        VProtectException error = await Assert.ThrowsAsync<VProtectException>(() => OpenAsync("disk.vhd", 3L << 40));
        Assert.Equal(ErrorCode.TargetUnavailable, error.Code);
        Assert.Contains("disk.vhd", error.Message, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(_directory.Path));
    }

    private async Task<IBlockTarget> OpenAsync(string name, long sizeBytes) =>
        await BlockTargetFactory.OpenAsync(_directory[name], new TargetOptions { SizeBytes = sizeBytes }, None);
}
