using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using VProtect.Abstractions;

namespace VProtect.ChunkIndex;

/// <summary>The directory of an index: its names, its lock, and writing a file so that it is there whole or not at all.</summary>
internal sealed partial class IndexDirectory : IDisposable
{
    private const string CheckpointPrefix = "checkpoint-";
    private const string TablePrefix = "table-";
    private const string LogPrefix = "log-";

    // The one log that there was before logs had numbers; nothing can be read from it any more.
    private const string LogOfVersion1 = "log";

    private readonly FileStream _lock;

    private IndexDirectory(string path, FileStream lockFile)
    {
        Root = path;
        _lock = lockFile;
    }

    public string Root { get; }

    public string JournalPath => Path.Combine(Root, "journal");

    /// <summary>Makes the directory if need be and takes its lock, which the kernel drops when the process ends, however it ends.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.IndexFailed"/>: held by another, or the directory cannot be used.</exception>
    public static IndexDirectory Open(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, exception);
        }

        string lockPath = Path.Combine(path, "lock");
        try
        {
            // FileShare.None is an advisory lock of the kernel on the open file. The file itself stays: its presence means nothing.
            return new IndexDirectory(path, new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1));
        }
        catch (IOException exception) when (File.Exists(lockPath))
        {
            throw new VProtectException(
                ErrorCode.IndexFailed,
                ErrorSide.Catalog,
                $"The chunk index in '{path}' is in use by another process.",
                "Wait until it has finished, or give this process an index directory of its own.",
                RetryAdvice.Later,
                exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, exception);
        }
    }

    public string CheckpointPath(ulong sequence) =>
        Path.Combine(Root, CheckpointPrefix + sequence.ToString("x16", CultureInfo.InvariantCulture));

    public string LogPath(ulong number) => Path.Combine(Root, LogPrefix + number.ToString("x16", CultureInfo.InvariantCulture));

    public string TablePath(Guid token) => Path.Combine(Root, TablePrefix + token.ToString("N"));

    /// <summary>Sequence numbers of the checkpoints that are there, newest first.</summary>
    public List<ulong> ListCheckpoints() => ListNumbers(CheckpointPrefix);

    /// <summary>Numbers of the logs that are there, the greatest first.</summary>
    public List<ulong> ListLogs() => ListNumbers(LogPrefix);

    /// <summary>Deletes checkpoints, tables and logs other than the given ones, and what interrupted writes left behind.</summary>
    public void DeleteAllBut(HashSet<string> keep)
    {
        foreach (string path in Directory.EnumerateFiles(Root))
        {
            string name = Path.GetFileName(path);
            bool ours = name.StartsWith(CheckpointPrefix, StringComparison.Ordinal)
                || name.StartsWith(TablePrefix, StringComparison.Ordinal)
                || name.StartsWith(LogPrefix, StringComparison.Ordinal)
                || name == LogOfVersion1
                || name.EndsWith(".new", StringComparison.Ordinal);
            if (ours && !keep.Contains(path))
            {
                File.Delete(path);
            }
        }
    }

    /// <summary>Writes a whole file under a temporary name, makes it durable, then gives it its name, durably.</summary>
    public void WriteAtomically(string path, ReadOnlySpan<byte> content, Func<string, IndexFile> open)
    {
        string temporary = path + ".new";
        File.Delete(temporary);
        using (IndexFile file = open(temporary))
        {
            file.Write(content, 0);
            file.Flush();
        }

        File.Move(temporary, path, overwrite: true);
        FlushDirectory(Root);
    }

    /// <summary>Makes the names in a directory durable.</summary>
    public static void FlushDirectory(string path)
    {
        using SafeFileHandle handle = OpenDirectory(path, DirectoryReadOnly);
        if (handle.IsInvalid || FileSync(handle) != 0)
        {
            throw new IOException($"Cannot flush the directory '{path}': {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    public void Dispose() => _lock.Dispose();

    private List<ulong> ListNumbers(string prefix)
    {
        var found = new List<ulong>();
        foreach (string path in Directory.EnumerateFiles(Root, prefix + "*"))
        {
            if (ulong.TryParse(
                Path.GetFileName(path.AsSpan())[prefix.Length..],
                NumberStyles.AllowHexSpecifier,
                CultureInfo.InvariantCulture,
                out ulong number))
            {
                found.Add(number);
            }
        }

        found.Sort((left, right) => right.CompareTo(left));
        return found;
    }

    private static VProtectException Unusable(string path, Exception cause) => new(
        ErrorCode.IndexFailed,
        ErrorSide.Catalog,
        $"The chunk index directory '{path}' cannot be used: {cause.Message}",
        "Check the path, its permissions and the disk it is on.",
        RetryAdvice.Never,
        cause);

    // O_RDONLY | O_DIRECTORY | O_CLOEXEC of Linux, x86-64 and arm64 alike except O_DIRECTORY, which is left out for that.
    private const int DirectoryReadOnly = 0x80000;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenDirectory(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FileSync(SafeFileHandle file);
}
