using VProtect.Mover.View.Overlay;

namespace VProtect.Mover.Tests.View.Overlay;

/// <summary>What was answered and never flushed is there after a kill. Files copied while the overlay is open are what a kill leaves.</summary>
public sealed class OverlayTailTests
{
    private const int Block = 4096;
    private const int Blocks = 300;
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task What_was_answered_is_there_at_any_moment_flushed_or_not(int seed)
    {
        using var directory = new TemporaryDirectory();
        var random = new Random(seed);
        var below = new MemoryView(new byte[Blocks * Block]);
        byte[] expected = new byte[Blocks * Block];
        string path = directory["0"];
        for (int life = 1; life <= 12; life++)
        {
            // A kill that is met again at once: nobody writes in every third life.
            OverlayDisk disk = OverlayDisk.Open(path, below, below.Base, TimeProvider.System);
            disk.JournalPagesMax = 3;
            for (int step = life % 3 == 0 ? 0 : random.Next(40); step > 0; step--)
            {
                await StepAsync(disk, expected, random);
            }

            string next = directory[$"{life}"];
            Leave(path, next);
            await disk.DisposeAsync();
            Assert.Equal(["0"], Directory.GetFiles(Path.GetDirectoryName(path)!).Select(Path.GetFileName).Where(name => name!.StartsWith('0')));
            path = next;
            Assert.Equal(expected, await ContentAsync(path, below, directory[$"{life}-looked-at"]));
        }
    }

    [Fact]
    public async Task Of_a_tail_that_is_damaged_what_is_before_the_damage_counts()
    {
        using var directory = new TemporaryDirectory();
        var below = new MemoryView(new byte[Blocks * Block]);
        await using OverlayDisk disk = OverlayDisk.Open(directory["overlay"], below, below.Base, TimeProvider.System);
        byte[] data = new byte[Block];
        for (byte i = 1; i <= 3; i++)
        {
            data.AsSpan().Fill(i);
            await disk.WriteAsync(i * Block, data, None);
        }

        Leave(directory["overlay"], directory["left"]);
        string tail = Directory.GetFiles(Path.GetDirectoryName(directory["left"])!, "left.tail*").Single(file => new FileInfo(file).Length > 0);
        byte[] notes = await File.ReadAllBytesAsync(tail);
        notes[OverlayTail.NoteBytes + 3] ^= 1;
        await File.WriteAllBytesAsync(tail, notes);
        byte[] content = await ContentAsync(directory["left"], below, directory["looked-at"]);
        Assert.Equal([0, 1, 0, 0], Enumerable.Range(0, 4).Select(block => (int)content[block * Block]));
    }

    private static async Task StepAsync(OverlayDisk disk, byte[] expected, Random random)
    {
        int from = random.Next(Blocks * Block);
        int length = Math.Min(expected.Length - from, 1 + random.Next(random.Next(3) == 0 ? 400_000 : 20_000));
        switch (random.Next(6))
        {
            case 0:
                await disk.FlushAsync(None);
                break;
            case 1:
                await disk.WriteZerosAsync(from, length, None);
                expected.AsSpan(from, length).Clear();
                break;
            default:
                byte[] data = new byte[length];
                data.AsSpan().Fill((byte)random.Next(4));
                await disk.WriteAsync(from, data, None);
                data.CopyTo(expected, from);
                break;
        }
    }

    private static void Leave(string path, string to)
    {
        Tool.Run("cp", path, to);
        foreach (string tail in Directory.GetFiles(Path.GetDirectoryName(path)!, Path.GetFileName(path) + ".tail*"))
        {
            Tool.Run("cp", tail, to + Path.GetExtension(tail));
        }
    }

    private static async Task<byte[]> ContentAsync(string path, MemoryView below, string copy)
    {
        Leave(path, copy);
        await using OverlayDisk disk = OverlayDisk.Open(copy, below, below.Base, TimeProvider.System);
        byte[] content = new byte[below.SizeBytes];
        await disk.ReadAsync(0, content, None);
        return content;
    }
}
