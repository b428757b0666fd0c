using VProtect.Abstractions;
using VProtect.Mover.Acquire.BlockSource;
using VProtect.Mover.Deliver.BlockTarget;

namespace VProtect.Mover.Tests.Acquire.BlockSource;

/// <summary>What connectors say of disks, opened for reading and for writing.</summary>
public sealed class DiskEndpointTests : IDisposable
{
    private const int SizeBytes = 4 << 20;
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("since", "since", "b0", null)]
    [InlineData("since", "another", "b0", "did not begin at restore point p")]
    [InlineData("since", null, "b0", "did not begin at restore point p")]
    [InlineData(null, null, "b0", "did not begin at restore point p")]
    [InlineData(null, "since", null, "no record of what changed")]
    public async Task A_platforms_bitmap_is_believed_only_when_it_began_at_the_parent(string? since, string? parent, string? bitmap, string? reason)
    {
        byte[] disk = MakeImage();
        Tool.Run("qemu-img", "bitmap", "--add", _directory["disk.qcow2"], "b0");
        using var daemon = new StorageDaemon(_directory["disk.qcow2"], _directory["s"], "b0");
        var endpoint = new DiskEndpoint.Nbd(daemon.Uri) { Bitmap = bitmap, Since = since, Next = "next" };

        await using IBlockSource source = await BlockSourceFactory.OpenAsync(endpoint, "disk 'vda'", None);
        ChangedBlocks changed = await source.GetChangedBlocksAsync(new ParentDisk("p", SizeBytes, parent), None);

        Assert.Equal("next", source.NextToken);
        Assert.Equal("disk 'vda'", source.Name);
        Assert.Equal(disk, await SparseDisk.ReadAsync(source));
        if (reason is null)
        {
            Assert.Empty(Assert.IsType<ChangedBlocks.Delta>(changed).Extents);
        }
        else
        {
            Assert.Contains(reason, Assert.IsType<ChangedBlocks.MustFull>(changed).Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_image_draws_on_its_backing_file_only_when_the_connector_has_looked_at_it()
    {
        byte[] disk = MakeImage();
        Tool.Run("qemu-img", "create", "-f", "qcow2", "-b", _directory["disk.qcow2"], "-F", "qcow2", _directory["top.qcow2"]);
        var endpoint = new DiskEndpoint.File(_directory["top.qcow2"], "qcow2");

        await using IBlockSource source = await BlockSourceFactory.OpenAsync(endpoint with { AllowsBackingFiles = true }, "vda", None);
        VProtectException refused = await Assert.ThrowsAsync<VProtectException>(async () => await BlockSourceFactory.OpenAsync(endpoint, "vda", None));

        Assert.Equal(disk, await SparseDisk.ReadAsync(source));
        Assert.Equal(ErrorCode.SourceUnavailable, refused.Code);
    }

    [Fact]
    public async Task A_raw_disk_is_raw_whatever_the_guest_wrote_into_it()
    {
        MakeImage();
        long lengthBytes = new FileInfo(_directory["disk.qcow2"]).Length;

        await using IBlockSource source = await BlockSourceFactory.OpenAsync(new DiskEndpoint.File(_directory["disk.qcow2"], "raw"), "vda", None);

        Assert.Equal(lengthBytes, source.SizeBytes);
        Assert.Equal(
            ErrorCode.SourceUnavailable,
            (await Assert.ThrowsAsync<VProtectException>(
                async () => await BlockSourceFactory.OpenAsync(new DiskEndpoint.File(_directory["disk.qcow2"], "cow"), "vda", None))).Code);
    }

    [Theory]
    [InlineData("raw", true)]
    [InlineData("raw", false)]
    [InlineData("qcow2", true)]
    [InlineData("qcow2", false)]
    public async Task A_file_is_written_in_place_when_it_is_there_and_made_when_it_is_not(string format, bool isThere)
    {
        string path = _directory["target"];
        if (isThere)
        {
            Tool.Run("qemu-img", "create", "-q", "-f", format, path, $"{SizeBytes}");
        }

        await using (IBlockTarget target = await BlockTargetFactory.OpenAsync(new DiskEndpoint.File(path, format), "vda", SizeBytes, None))
        {
            await target.WriteAsync(1 << 20, new byte[] { 1, 2, 3, 4 }.AsMemory(), None);
            await target.CompleteAsync(None);
        }

        await using IBlockSource source = await BlockSourceFactory.OpenAsync(new DiskEndpoint.File(path, format), "vda", None);
        byte[] written = await SparseDisk.ReadAsync(source);
        Assert.Equal(SizeBytes, written.Length);
        Assert.Equal([1, 2, 3, 4], written[(1 << 20)..((1 << 20) + 4)]);
        Assert.Equal(10, written.Sum(value => value));
    }

    [Fact]
    public async Task What_can_only_be_read_is_not_written_and_the_other_way_round()
    {
        var source = new DiskEndpoint.Source(_ => new(new MemoryDisk(new byte[512])));
        var target = new DiskEndpoint.Target(_ => new(new MemoryDisk(new byte[512])));

        await using IBlockSource opened = await BlockSourceFactory.OpenAsync(source, "vda", None);
        await using IBlockTarget openedTarget = await BlockTargetFactory.OpenAsync(target, "vda", 512, None);

        await Assert.ThrowsAsync<VProtectException>(async () => await BlockSourceFactory.OpenAsync(target, "vda", None));
        await Assert.ThrowsAsync<VProtectException>(async () => await BlockTargetFactory.OpenAsync(source, "vda", 512, None));
    }

    private byte[] MakeImage()
    {
        byte[] disk = SparseDisk.Create(5, SizeBytes);
        SparseDisk.WriteSparse(_directory["raw"], disk);
        Tool.Run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", _directory["raw"], _directory["disk.qcow2"]);
        return disk;
    }
}
