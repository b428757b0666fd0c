using System.Globalization;
using VProtect.Abstractions;
using VProtect.Mover.View.Overlay;
using VProtect.Testing.PowerCut;

namespace VProtect.Mover.Tests.View.Overlay;

/// <summary>Goal: after a loss of power at any moment every sector of an overlay is what it was at the last flush that was answered, or what was
/// written to it since; and every commit counts whole or not at all. Method: random writes, zeros and flushes on a file system that keeps of what was
/// not synced whatever a seed says, torn at sectors. VPROTECT_POWERCUTS sets the number of cuts, VPROTECT_SEED where they begin.</summary>
public sealed class OverlayPowerLossTests
{
    private const int Blocks = 96;
    private const int SectorBytes = 512;
    private const int Sectors = Blocks * 4096 / SectorBytes;
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task What_was_flushed_survives_a_loss_of_power_at_any_moment()
    {
        int cuts = int.Parse(Environment.GetEnvironmentVariable("VPROTECT_POWERCUTS") ?? "40", CultureInfo.InvariantCulture);
        int seed = int.Parse(Environment.GetEnvironmentVariable("VPROTECT_SEED") ?? "1", CultureInfo.InvariantCulture);
        var random = new Random(seed);
        var below = new MemoryView(new byte[Sectors * SectorBytes]);
        using var power = new PowerCutDisk();
        power.PowerOn(renamesWithFlags: true);
        string path = Path.Join(power.Path, "overlay");

        // What each sector may hold: its stamp at the last flush, and every later one. Stamps count up; 0 are zeros.
        int stamp = 0;
        List<int>[] may = [.. Enumerable.Range(0, Sectors).Select(_ => new List<int> { 0 })];
        for (int cut = 0; cut < cuts; cut++)
        {
            power.CutAfter(random.Next(cut % 3 == 0 ? 30 : 400));
            try
            {
                await using OverlayDisk disk = OverlayDisk.Open(path, below, below.Base, TimeProvider.System);
                disk.JournalPagesMax = 6;
                while (true)
                {
                    await StepAsync(disk, may, ref stamp, random);
                }
            }
            catch (VProtectException)
            {
                // Power is gone.
            }

            power.PowerOff(random);
            power.PowerOn(renamesWithFlags: true);
            await CheckAsync(path, below, may, $"seed {seed}, cut {cut}");
        }
    }

    private static Task StepAsync(OverlayDisk disk, List<int>[] may, ref int stamp, Random random)
    {
        int first = random.Next(Sectors);
        int count = 1 + random.Next(Math.Min(Sectors - first, random.Next(3) == 0 ? 80 : 8));
        switch (random.Next(8))
        {
            case 0:
                return FlushAsync(disk, may);
            case 1:
                Note(may, first, count, 0);
                return disk.WriteZerosAsync((long)first * SectorBytes, (long)count * SectorBytes, None).AsTask();
            default:
                int mine = ++stamp;
                Note(may, first, count, mine);
                byte[] data = new byte[count * SectorBytes];
                for (int i = 0; i < data.Length; i += sizeof(int))
                {
                    BitConverter.TryWriteBytes(data.AsSpan(i), mine);
                }

                return disk.WriteAsync((long)first * SectorBytes, data, None).AsTask();
        }
    }

    private static async Task FlushAsync(OverlayDisk disk, List<int>[] may)
    {
        await disk.FlushAsync(None);
        foreach (List<int> stamps in may)
        {
            stamps.RemoveRange(0, stamps.Count - 1);
        }
    }

    private static void Note(List<int>[] may, int first, int count, int stamp)
    {
        for (int i = first; i < first + count; i++)
        {
            may[i].Add(stamp);
        }
    }

    private static async Task CheckAsync(string path, MemoryView below, List<int>[] may, string trace)
    {
        byte[] content = new byte[below.SizeBytes];
        await using (OverlayDisk disk = OverlayDisk.Open(path, below, below.Base, TimeProvider.System))
        {
            await disk.ReadAsync(0, content, None);
        }

        for (int sector = 0; sector < Sectors; sector++)
        {
            ReadOnlySpan<int> words = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, int>(content.AsSpan(sector * SectorBytes, SectorBytes));
            Assert.True(!words.ContainsAnyExcept(words[0]), $"{trace}: sector {sector} is torn");
            Assert.True(may[sector].Contains(words[0]), $"{trace}: sector {sector} holds {words[0]}, not one of {string.Join(' ', may[sector])}");
            may[sector] = [words[0]];
        }
    }
}
