using VProtect.Abstractions;

namespace VProtect.Testing.FakePlatform;

/// <summary>Which blocks of a disk were written since a moment: a file with a byte for each block.</summary>
internal static class DirtyMap
{
    public static void Create(string path, long sizeBytes) =>
        File.WriteAllBytes(path, new byte[(sizeBytes + FakeFile.BlockBytes - 1) / FakeFile.BlockBytes]);

    public static void Mark(string path, long offsetBytes, long lengthBytes)
    {
        long first = offsetBytes / FakeFile.BlockBytes;
        long end = (offsetBytes + lengthBytes + FakeFile.BlockBytes - 1) / FakeFile.BlockBytes;
        byte[] ones = new byte[end - first];
        Array.Fill(ones, (byte)1);
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.Position = first;
        file.Write(ones);
    }

    /// <summary>What is marked, as extents of the disk; neighbours of one kind are one.</summary>
    /// <param name="map">The map's bytes.</param>
    /// <param name="sizeBytes">Size of the disk.</param>
    /// <param name="kindOf">Kind of a block, by its number.</param>
    public static List<Extent> Extents(byte[] map, long sizeBytes, Func<long, ExtentKind> kindOf)
    {
        var extents = new List<Extent>();
        for (int block = 0; block < map.Length; block++)
        {
            if (map[block] != 0)
            {
                Append(extents, new Extent(
                    (long)block * FakeFile.BlockBytes, Math.Min(FakeFile.BlockBytes, sizeBytes - ((long)block * FakeFile.BlockBytes)), kindOf(block)));
            }
        }

        return extents;
    }

    private static void Append(List<Extent> extents, Extent next)
    {
        if (extents.Count > 0 && extents[^1].EndBytes == next.OffsetBytes && extents[^1].Kind == next.Kind)
        {
            next = new Extent(extents[^1].OffsetBytes, extents[^1].LengthBytes + next.LengthBytes, next.Kind);
            extents.RemoveAt(extents.Count - 1);
        }

        extents.Add(next);
    }
}
