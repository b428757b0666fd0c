namespace VProtect.Benchmarks;

/// <summary>
/// Chunks of the kind that guests' disks hold. Made of the programs of the machine at hand, so figures compare within a
/// machine only; state it with them.
/// </summary>
internal static class Corpus
{
    private const int LengthBytes = 32 * 1024 * 1024;

    /// <summary>
    /// The first 32 MiB of the files of /usr/bin in order of their names, one after the other: machine code, tables, text. zstd
    /// level 1 halves them.
    /// </summary>
    public static byte[] Programs()
    {
        byte[] bytes = new byte[LengthBytes];
        int filled = 0;
        foreach (FileInfo file in new DirectoryInfo("/usr/bin").EnumerateFiles().OrderBy(f => f.Name, StringComparer.Ordinal))
        {
            // Links would repeat files, which deduplication has removed before anything here is asked.
            if (file.LinkTarget is not null || filled == bytes.Length)
            {
                continue;
            }

            using FileStream stream = file.OpenRead();
            filled += stream.ReadAtLeast(bytes.AsSpan(filled), bytes.Length - filled, throwOnEndOfStream: false);
        }

        return filled > 0 ? bytes[..filled] : throw new InvalidOperationException("/usr/bin holds no files.");
    }

    /// <summary>Bytes that no compressor makes smaller, like encrypted or compressed files.</summary>
    public static byte[] Random(int lengthBytes)
    {
        byte[] bytes = new byte[lengthBytes];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
