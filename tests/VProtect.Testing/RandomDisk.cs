using VProtect.Abstractions;

namespace VProtect.Testing;

/// <summary>Disks with zeros, noise, text and repetition, and changes to them: everything from one seed.</summary>
public static class RandomDisk
{
    public static byte[] Create(Random random, int lengthBytes)
    {
        byte[] content = new byte[lengthBytes];
        int offset = 0;
        while (offset < lengthBytes)
        {
            int length = Math.Min(random.Next(1, 3 << 20), lengthBytes - offset);
            Fill(random, content.AsSpan(offset, length));
            offset += length;
        }

        return content;
    }

    /// <summary>Changes ranges in place.</summary>
    /// <returns>Extents that cover what changed, ordered, not overlapping: data, or zeros where it became zeros.</returns>
    public static List<Extent> Change(Random random, byte[] content)
    {
        var cuts = new SortedSet<int>();
        int count = random.Next(0, 12);
        for (int i = 0; i < 2 * count; i++)
        {
            cuts.Add(random.Next(0, content.Length + 1));
        }

        int[] bounds = [.. cuts];
        var changes = new List<Extent>();
        for (int i = 0; i + 1 < bounds.Length; i += 2)
        {
            int length = Math.Min(bounds[i + 1] - bounds[i], random.Next(2) == 0 ? 100_000 : int.MaxValue);
            Span<byte> range = content.AsSpan(bounds[i], length);
            bool zeros = random.Next(3) == 0;
            if (zeros)
            {
                range.Clear();
            }
            else
            {
                Fill(random, range);
            }

            changes.Add(new Extent(bounds[i], length, zeros ? ExtentKind.Zero : ExtentKind.Data));
        }

        return changes;
    }

    /// <summary>The whole disk as extents, zeros told where a run of them is found and the mood is right.</summary>
    public static List<Extent> Describe(byte[] content, Random random)
    {
        var extents = new List<Extent>();
        int offset = 0;
        while (offset < content.Length)
        {
            int length = Math.Min(random.Next(1, 1 << 20), content.Length - offset);
            bool zeros = content.AsSpan(offset, length).IndexOfAnyExcept((byte)0) < 0;
            extents.Add(new Extent(offset, length, zeros ? ExtentKind.Zero : ExtentKind.Data));
            offset += length;
        }

        return extents;
    }

    /// <summary>Bytes of chunks that differ.</summary>
    public static long DifferingBytes(byte[] a, byte[] b, int chunkBytes)
    {
        long differing = 0;
        for (int offset = 0; offset < b.Length; offset += chunkBytes)
        {
            int length = Math.Min(chunkBytes, b.Length - offset);
            differing += a.AsSpan(offset, length).SequenceEqual(b.AsSpan(offset, length)) ? 0 : length;
        }

        return differing;
    }

    private static void Fill(Random random, Span<byte> range)
    {
        switch (random.Next(4))
        {
            case 0:
                range.Clear();
                break;
            case 1:
                random.NextBytes(range);
                break;
            case 2:
                for (int i = 0; i < range.Length; i++)
                {
                    range[i] = (byte)('a' + (i * 7 / 3 % 23));
                }

                break;
            default:
                range.Fill((byte)random.Next(1, 256));
                break;
        }
    }
}
