namespace VProtect.Abstractions;

/// <summary>Files that only their owner may read: keys and whatever tells of them.</summary>
public static class PrivateFile
{
    /// <summary>Writes a file so that there is never a moment at which others could read it, nor half of it. Durable when it returns.</summary>
    /// <exception cref="IOException">It cannot be written; what was there before is there still.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        string part = path + ".part";
        File.Delete(part);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (var file = new FileStream(part, options))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(part, path, overwrite: true);
        DurableDirectory.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }
}
