using VProtect.Abstractions;
using VProtect.Mover.Deliver.BlockTarget;

namespace VProtect.Mover.Tests.Deliver.BlockTarget;

public sealed class StreamTargetTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Disk_comes_out_in_order_zeros_included()
    {
        byte[] disk = SparseDisk.Create(1, 5_000_001);
        using var stream = new MemoryStream();
        await using var target = new StreamTarget(stream, "pipe");
        await SparseDisk.WriteAsync(target, disk, seed: 1);
        await target.CompleteAsync(None);
        Assert.Equal(disk, stream.ToArray());
    }

    [Fact]
    public async Task Writing_out_of_order_is_a_bug_and_a_broken_pipe_an_error()
    {
        await using var target = new StreamTarget(new MemoryStream(), "pipe");
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await target.WriteAsync(1, new byte[1], None));
        await using var broken = new StreamTarget(new BrokenPipe(), "pipe");
        Assert.Equal(ErrorCode.TargetWriteFailed, (await Assert.ThrowsAsync<VProtectException>(
            async () => await broken.WriteAsync(0, new byte[1], None))).Code);
    }

    [Fact]
    public async Task Standard_output_cannot_be_differential()
    {
        VProtectException error = await Assert.ThrowsAsync<VProtectException>(async () =>
            await BlockTargetFactory.OpenAsync("-", new TargetOptions { SizeBytes = 1, Differential = true }, None));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
    }

    private sealed class BrokenPipe : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("Broken pipe");
    }
}
