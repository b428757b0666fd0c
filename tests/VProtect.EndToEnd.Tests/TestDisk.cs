namespace VProtect.EndToEnd.Tests;

/// <summary>A raw disk in a file, with noise, text and holes, that changes as disks do; everything from one seed.</summary>
internal sealed class TestDisk
{
    public const int ChunkBytes = 64 << 10;
    private readonly Random _random;

    public TestDisk(string path, int sizeBytes, int seed)
    {
        Path = path;
        _random = new Random(seed);
        Content = RandomDisk.Create(_random, sizeBytes);
        File.WriteAllBytes(path, Content);
    }

    public string Path { get; }

    public byte[] Content { get; }

    public string Hash => Workplace.Hash(Content);

    /// <summary>Writes noise at random places.</summary>
    /// <returns>The chunks touched.</returns>
    public HashSet<int> Change(int writes, int lengthBytesMax)
    {
        var touched = new HashSet<int>();
        using FileStream file = File.OpenWrite(Path);
        for (int i = 0; i < writes; i++)
        {
            int length = _random.Next(1, lengthBytesMax);
            int offset = _random.Next(0, Content.Length - length);
            _random.NextBytes(Content.AsSpan(offset, length));
            file.Position = offset;
            file.Write(Content, offset, length);
            touched.UnionWith(Enumerable.Range(offset / ChunkBytes, ((offset + length - 1) / ChunkBytes) - (offset / ChunkBytes) + 1));
        }

        return touched;
    }
}
