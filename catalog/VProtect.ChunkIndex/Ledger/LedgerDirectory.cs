using System.Globalization;
using VProtect.Abstractions;

namespace VProtect.ChunkIndex.Ledger;

/// <summary>
/// The ledger's files in a directory that it may share with a chunk index: names, lock, and what is done to names. Tests derive from it to
/// make disks fail and machines stop.
/// </summary>
internal class LedgerDirectory : IDisposable
{
    private const string PagesPrefix = "ledger-pages-";

    private readonly FileStream _lock;

    /// <summary>Makes the directory if need be and takes the ledger's lock, which the kernel drops when the process ends, however it ends.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.IndexFailed"/>: held by another, or the directory cannot be used.</exception>
    public LedgerDirectory(string path)
    {
        Root = Path.GetFullPath(path);
        string lockPath = Path.Combine(Root, "ledger.lock");
        try
        {
            Directory.CreateDirectory(Root);

            // FileShare.None is an advisory lock of the kernel on the open file. The file itself stays: its presence means nothing.
            _lock = new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw exception is IOException && File.Exists(lockPath)
                ? new VProtectException(
                    ErrorCode.IndexFailed,
                    ErrorSide.Catalog,
                    $"The reference ledger in '{Root}' is in use by another process.",
                    "Wait until it has finished, or give this process an index directory of its own.",
                    RetryAdvice.Later,
                    exception)
                : new VProtectException(
                    ErrorCode.IndexFailed,
                    ErrorSide.Catalog,
                    $"The directory '{Root}' of the reference ledger cannot be used: {exception.Message}",
                    "Check the path, its permissions and the disk it is on.",
                    RetryAdvice.Never,
                    exception);
        }
    }

    public string Root { get; }

    /// <summary>The log: its first commit is the whole state, what follows are changes.</summary>
    public string LogPath => Path.Combine(Root, "ledger");

    /// <summary>The log of the next checkpoint, while it is written.</summary>
    public string NextLogPath => Path.Combine(Root, "ledger.next");

    public string PagesPath(uint number) => Path.Combine(Root, PagesPrefix + number.ToString("x8", CultureInfo.InvariantCulture));

    /// <summary>Opens a file for reading and writing, making it when missing.</summary>
    public virtual IndexFile Open(string path) => new(path);

    /// <summary>Gives a file the name of another, which is gone then. Durable after <see cref="FlushNames"/>.</summary>
    public virtual void Replace(string path, string target) => File.Move(path, target, overwrite: true);

    /// <summary>Removes a file if it is there.</summary>
    public virtual void Delete(string path) => File.Delete(path);

    /// <summary>Makes names durable.</summary>
    public virtual void FlushNames() => IndexDirectory.FlushDirectory(Root);

    /// <summary>Removes all files of pages but one; null for all of them.</summary>
    public void DeletePagesBut(uint? number)
    {
        string? keep = number is { } kept ? PagesPath(kept) : null;
        foreach (string path in Directory.GetFiles(Root, PagesPrefix + "*"))
        {
            if (path != keep)
            {
                Delete(path);
            }
        }
    }

    public void Dispose()
    {
        _lock.Dispose();
        GC.SuppressFinalize(this);
    }
}
