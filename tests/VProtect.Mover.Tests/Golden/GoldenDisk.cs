namespace VProtect.Mover.Tests.Golden;

/// <summary>
/// The disks that the golden repositories hold, made anew from a seed. Frozen with them: the generator is written out here, since
/// nobody promises that <see cref="Random"/> gives the same numbers for ever.
/// </summary>
internal static class GoldenDisk
{
    /// <summary>About 300 KB in runs of zeros, text and noise; not a multiple of the chunk size.</summary>
    public static byte[] System => Create(seed: 1, lengthBytes: 300_001);

    /// <summary>The same after a day's work: 20,000 bytes from 100,000 on are other noise, 40,000 from 200,000 on are zeros.</summary>
    public static byte[] SystemLater
    {
        get
        {
            byte[] disk = System;
            Noise(seed: 2, disk.AsSpan(100_000, 20_000));
            disk.AsSpan(200_000, 40_000).Clear();
            return disk;
        }
    }

    /// <summary>A second disk, which does not change.</summary>
    public static byte[] Data => Create(seed: 3, lengthBytes: 65_536);

    /// <summary>The disk of the machine whose restore point is forgotten.</summary>
    public static byte[] Forgotten => Create(seed: 4, lengthBytes: 50_000);

    /// <summary>The disk of the machine whose restore point was collected before the repository was finished; of later repositories only.</summary>
    public static byte[] Gone => Create(seed: 5, lengthBytes: 40_000);

    private static byte[] Create(ulong seed, int lengthBytes)
    {
        byte[] disk = new byte[lengthBytes];
        for (int at = 0, run = 0; at < lengthBytes; run++)
        {
            // 7,919 is prime: runs begin and end anywhere within chunks.
            int length = Math.Min(7_919 * (1 + (run % 5)), lengthBytes - at);
            Span<byte> target = disk.AsSpan(at, length);
            switch (run % 3)
            {
                case 0:
                    Noise(seed + (ulong)run, target);
                    break;
                case 1:
                    Text(target);
                    break;
            }

            at += length;
        }

        return disk;
    }

    private static void Text(Span<byte> target)
    {
        ReadOnlySpan<byte> line = "A restore point stands alone: one root leads to every byte.\n"u8;
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = line[i % line.Length];
        }
    }

    /// <summary>SplitMix64 (Steele, Lea, Flood 2014), one byte of each number.</summary>
    private static void Noise(ulong seed, Span<byte> target)
    {
        for (int i = 0; i < target.Length; i++)
        {
            seed += 0x9e3779b97f4a7c15;
            ulong z = seed;
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
            z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
            target[i] = (byte)(z ^ (z >> 31));
        }
    }
}
