using System.Diagnostics;
using System.Globalization;
using VProtect.Mover.View.Overlay;

namespace VProtect.Mover.Tests.View.Overlay;

/// <summary>A process writes to an overlay, flushes now and then, and says what was written; it is killed at a random moment. What it spoke of is there.</summary>
public sealed class OverlayKillTests
{
    private const int Blocks = 512;
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task What_was_answered_survives_a_kill()
    {
        using var directory = new TemporaryDirectory();
        string path = directory["overlay"];
        var random = new Random(8);
        int answered = 0;
        for (int round = 0; round < 4; round++)
        {
            using Process writer = Process.Start(new ProcessStartInfo(
                "dotnet", ["exec", typeof(Program).Assembly.Location, "write-overlay", path, answered.ToString(CultureInfo.InvariantCulture)])
            {
                RedirectStandardOutput = true,
            })!;
            int lines = 0;
            int killAfter = random.Next(20, 200);
            while (lines < killAfter && await writer.StandardOutput.ReadLineAsync() is { } line)
            {
                answered = int.Parse(line, CultureInfo.InvariantCulture);
                lines++;
            }

            writer.Kill();
            while (await writer.StandardOutput.ReadLineAsync() is { } line)
            {
                answered = int.Parse(line, CultureInfo.InvariantCulture);
            }

            await writer.WaitForExitAsync();
            var below = new MemoryView(new byte[Blocks * 4096]);
            await using OverlayDisk disk = OverlayDisk.Open(path, below, below.Base, TimeProvider.System);
            byte[] content = new byte[below.SizeBytes];
            await disk.ReadAsync(0, content, None);
            int highest = 0;
            for (int block = 0; block < Blocks; block++)
            {
                int stamp = BitConverter.ToInt32(content, block * 4096);
                int expected = LastBefore(answered, block);
                Assert.True(stamp >= expected, $"block {block} holds {stamp}, and {expected} was answered");
                Assert.True(stamp == 0 || BlockOf(stamp) == block);
                highest = Math.Max(highest, stamp);
            }

            answered = Math.Max(answered, highest);
        }

        Assert.True(answered > 20);
    }

    /// <summary>The process that is killed: write number n goes to a block that n decides.</summary>
    internal static async Task WriteForeverAsync(string path, int from)
    {
        var below = new MemoryView(new byte[Blocks * 4096]);
        await using OverlayDisk disk = OverlayDisk.Open(path, below, below.Base, TimeProvider.System);
        byte[] data = new byte[4096];
        for (int stamp = from + 1; ; stamp++)
        {
            BitConverter.TryWriteBytes(data, stamp);
            await disk.WriteAsync(BlockOf(stamp) * 4096L, data, None);
            Console.Out.WriteLine(stamp);
            if (stamp % 17 == 0)
            {
                await disk.FlushAsync(None);
            }
        }
    }

    private static int BlockOf(int stamp) => (int)((uint)stamp * 2654435761u % Blocks);

    private static int LastBefore(int answered, int block)
    {
        for (int stamp = answered; stamp > 0; stamp--)
        {
            if (BlockOf(stamp) == block)
            {
                return stamp;
            }
        }

        return 0;
    }
}
