using VProtect.Abstractions;

namespace VProtect.Mover.Tests;

/// <summary>Disks made of runs of random bytes and zeros, and what tests do with them.</summary>
internal static class SparseDisk
{
    private const int PieceBytes = 256 << 10;
    private static readonly CancellationToken None = CancellationToken.None;

    /// <summary>A disk with runs of some pages to some hundred KiB.</summary>
    internal static byte[] Create(int seed, int sizeBytes)
    {
        var random = new Random(seed);
        byte[] disk = new byte[sizeBytes];
        for (int at = 0; at < sizeBytes;)
        {
            int length = Math.Min(sizeBytes - at, 4096 * random.Next(1, 100));
            if (random.Next(2) == 0)
            {
                random.NextBytes(disk.AsSpan(at, length));
            }

            at += length;
        }

        return disk;
    }

    /// <summary>Writes it to a file with holes where it is zero.</summary>
    internal static void WriteSparse(string path, byte[] disk)
    {
        using FileStream file = File.Create(path);
        file.SetLength(disk.Length);
        for (int at = 0; at < disk.Length; at += 4096)
        {
            ReadOnlySpan<byte> page = disk.AsSpan(at, Math.Min(4096, disk.Length - at));
            if (page.ContainsAnyExcept((byte)0))
            {
                file.Position = at;
                file.Write(page);
            }
        }
    }

    /// <summary>Reads a source by its extents, several reads at a time, checking that they are ordered and gapless.</summary>
    internal static async Task<byte[]> ReadAsync(IBlockSource source)
    {
        byte[] disk = new byte[source.SizeBytes!.Value];
        var pieces = new List<(int Offset, int Length)>();
        long at = 0;
        await foreach (Extent extent in source.GetExtentsAsync(None))
        {
            Assert.Equal(at, extent.OffsetBytes);
            Assert.True(extent.LengthBytes > 0);
            at = extent.EndBytes;
            for (long i = extent.OffsetBytes; extent.Kind == ExtentKind.Data && i < extent.EndBytes; i += PieceBytes)
            {
                pieces.Add(((int)i, (int)Math.Min(PieceBytes, extent.EndBytes - i)));
            }
        }

        Assert.Equal(source.SizeBytes, at);
        await Parallel.ForEachAsync(
            pieces,
            new ParallelOptions { MaxDegreeOfParallelism = source.ReadsInFlightMax },
            async (piece, token) => Assert.Equal(
                piece.Length, await source.ReadAsync(piece.Offset, disk.AsMemory(piece.Offset, piece.Length), token)));
        return disk;
    }

    /// <summary>Writes a disk to a target: in random order where it may be, zeros as such, runs of them left out where they may be.</summary>
    internal static async Task WriteAsync(IBlockTarget target, byte[] disk, int seed)
    {
        int[] offsets = [.. Enumerable.Range(0, (disk.Length + PieceBytes - 1) / PieceBytes).Select(i => i * PieceBytes)];
        if (!target.IsSequential)
        {
            new Random(seed).Shuffle(offsets);
        }

        await Parallel.ForEachAsync(
            offsets,
            new ParallelOptions { MaxDegreeOfParallelism = target.IsSequential ? 1 : 8 },
            async (offset, token) =>
            {
                ReadOnlyMemory<byte> piece = disk.AsMemory(offset, Math.Min(PieceBytes, disk.Length - offset));
                if (piece.Span.ContainsAnyExcept((byte)0))
                {
                    await target.WriteAsync(offset, piece, token);
                }
                else if (!target.IsZeroed || offset % 3 == 0)
                {
                    await target.WriteZeroesAsync(offset, piece.Length, token);
                }
            });
    }
}
