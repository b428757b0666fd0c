using System.Text.Json;
using System.Text.Json.Serialization;

namespace VProtect.Testing.FakePlatform;

/// <summary>Small documents that appear whole, and raw disks with their holes.</summary>
internal static class FakeFile
{
    public const int BlockBytes = 64 << 10;

    public static JsonSerializerOptions Json { get; } = new() { WriteIndented = true, Converters = { new JsonStringEnumConverter() } };

    public static T Read<T>(string path) => JsonSerializer.Deserialize<T>(File.ReadAllBytes(path), Json)!;

    public static T? TryRead<T>(string path)
        where T : class
    {
        try
        {
            return Read<T>(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public static void Write<T>(string path, T value)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string half = $"{path}.{Guid.NewGuid():N}";
        File.WriteAllBytes(half, JsonSerializer.SerializeToUtf8Bytes(value, Json));
        File.Move(half, path, overwrite: true);
    }

    /// <summary>Makes a file of zeros that takes no space.</summary>
    public static void CreateDisk(string path, long sizeBytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write);
        file.SetLength(sizeBytes);
    }

    /// <summary>Copies a disk, blocks of zeros as holes.</summary>
    public static void CopyDisk(string source, string target)
    {
        using var from = new FileStream(source, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        using var to = new FileStream(target, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        to.SetLength(from.Length);
        byte[] block = new byte[BlockBytes];
        for (long offset = 0; offset < from.Length; offset += BlockBytes)
        {
            int length = from.ReadAtLeast(block, block.Length, throwOnEndOfStream: false);
            if (!IsZero(block.AsSpan(0, length)))
            {
                to.Position = offset;
                to.Write(block, 0, length);
            }
        }
    }

    public static bool IsZero(ReadOnlySpan<byte> bytes) => bytes.IndexOfAnyExcept((byte)0) < 0;

    public static void RemoveDirectory(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // It was not there, or another process has just removed it, or some of it.
        }
    }
}
