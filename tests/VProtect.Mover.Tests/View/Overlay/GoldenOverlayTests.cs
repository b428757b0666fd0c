using VProtect.Mover.View.Overlay;

namespace VProtect.Mover.Tests.View.Overlay;

/// <summary>An overlay file of version 1, in tests/golden/overlay-1, opens for ever. Written by <c>VProtect.Mover.Tests write-golden-overlay</c>.</summary>
public sealed class GoldenOverlayTests
{
    private const int Size = (2 << 20) + 512;
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task The_golden_overlay_opens_with_its_bytes()
    {
        using var directory = new TemporaryDirectory();
        string path = directory["overlay"];
        File.Copy(Path.Join(AppContext.BaseDirectory, "golden", "overlay-1", "overlay"), path);
        var below = new MemoryView(Below());
        await using OverlayDisk disk = OverlayDisk.Open(path, below, below.Base, TimeProvider.System);
        await OverlayDiskTests.AssertHoldsAsync(disk, await ModelAsync((_, _) => ValueTask.CompletedTask, (_, _) => ValueTask.CompletedTask, () => Task.CompletedTask));
    }

    [Fact]
    public void Its_bytes_are_laid_out_as_specified()
    {
        byte[] file = File.ReadAllBytes(Path.Join(AppContext.BaseDirectory, "golden", "overlay-1", "overlay"));
        Assert.Equal(0, file.Length % 4096);
        Assert.Equal("VPOVERL1", System.Text.Encoding.ASCII.GetString(file, 0, 8));
        Assert.Equal([1, 0, 0, 0, 0, 16, 0, 0], file[8..16]);
        Assert.Equal(0, BitConverter.ToInt64(file, 32));
        Assert.Equal(Size, BitConverter.ToInt64(file, 40));
        Assert.Equal(new string('a', 32) + new string('b', 32), System.Text.Encoding.ASCII.GetString(file, 48, 64));
        Assert.Equal(2u, BitConverter.ToUInt32(file, 144));
        Assert.Equal(1, BitConverter.ToInt64(file, 152));
        Assert.Equal("disk0", System.Text.Encoding.UTF8.GetString(file, 162, BitConverter.ToUInt16(file, 160)));
        ReadOnlySpan<byte> journal = file.AsSpan(2 * 4096);
        Assert.Equal("VPOVJRN1", System.Text.Encoding.ASCII.GetString(journal[..8]));
        Assert.True(journal.Slice(8, 16).SequenceEqual(file.AsSpan(16, 16)));
        Assert.Equal(1, BitConverter.ToInt64(journal[24..]));
        Assert.Equal(0u, BitConverter.ToUInt32(journal[32..]));
        uint entries = BitConverter.ToUInt32(journal[36..]);
        Assert.Equal(1u, BitConverter.ToUInt32(journal[44..]));

        // The first entry: the zeros from block 20 on; the last: the short block at the disk's end, with the sum of its page.
        Assert.Equal(20ul | (2ul << 48), BitConverter.ToUInt64(journal[56..]));
        Assert.Equal((0u, 30u), (BitConverter.ToUInt32(journal[64..]), BitConverter.ToUInt32(journal[68..])));
        ReadOnlySpan<byte> last = journal.Slice(56 + (((int)entries - 1) * 16), 16);
        Assert.Equal(512ul | (1ul << 48), BitConverter.ToUInt64(last));
        int page = (int)BitConverter.ToUInt32(last[8..]);
        Assert.Equal(VProtect.Mover.Seal.Packing.PackFormat.Crc32C(file.AsSpan(page * 4096, 4096)), BitConverter.ToUInt32(last[12..]));
    }

    /// <summary>Copied before it is closed: a journal of two commits behind the first header.</summary>
    internal static async Task WriteAsync(string path)
    {
        File.Delete(path + ".live");
        var below = new MemoryView(Below());
        await using (OverlayDisk disk = OverlayDisk.Open(path + ".live", below, below.Base, TimeProvider.System))
        {
            await ModelAsync(
                (offset, data) => disk.WriteAsync(offset, data, None), (offset, length) => disk.WriteZerosAsync(offset, length, None), () => disk.FlushAsync(None));
            Tool.Run("cp", path + ".live", path);
        }

        File.Delete(path + ".live");
    }

    private static byte[] Below()
    {
        byte[] below = new byte[Size];
        new Random(2026).NextBytes(below);
        return below;
    }

    private static async Task<byte[]> ModelAsync(
        Func<long, ReadOnlyMemory<byte>, ValueTask> write, Func<long, long, ValueTask> zero, Func<Task> flush)
    {
        byte[] model = Below();
        await ZeroAsync(20 * 4096, 30 * 4096);
        await WriteAsync(100_000, 20_000, 7);
        await WriteAsync(2 << 20, 512, 8);
        await flush();
        await WriteAsync(0, 3, 9);
        await WriteAsync(104_000, 9000, 10);
        await ZeroAsync(1 << 20, 100_000);
        await flush();
        return model;

        ValueTask WriteAsync(int offset, int length, byte fill)
        {
            model.AsSpan(offset, length).Fill(fill);
            return write(offset, model.AsMemory(offset, length).ToArray());
        }

        ValueTask ZeroAsync(int offset, int length)
        {
            model.AsSpan(offset, length).Clear();
            return zero(offset, length);
        }
    }
}
