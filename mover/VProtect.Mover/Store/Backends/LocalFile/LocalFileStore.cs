using System.Collections.Concurrent;
using System.IO.Enumeration;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using VProtect.Abstractions;
using VProtect.Mover.Posix;

namespace VProtect.Mover.Store.Backends.LocalFile;

/// <summary>
/// Objects as files of a directory, on a local disk or a mounted share (NFS, CIFS): a key is a relative path. Objects
/// are written under a temporary name and renamed when durable; see <see cref="IObjectStore"/> for what holds then.
/// Safe for several processes and machines at once, as far as the file system keeps its word on rename and fsync.
/// </summary>
public sealed partial class LocalFileStore : IObjectStore
{
    // Of packs in 64 MiB pieces: enough for every reader of a restore, far below the usual limit of 1024 descriptors.
    private const int ReadHandlesMax = 128;

    private readonly string _root;
    private readonly TemporaryFiles _temporaryFiles;
    private readonly ReadHandles _readHandles;
    private readonly ReserveFile _reserve;
    private readonly ConcurrentDictionary<string, bool> _durableDirectories = new(StringComparer.Ordinal);

    private LocalFileStore(string root)
    {
        _root = root;
        Properties = new StoreProperties
        {
            ObjectBytesMax = long.MaxValue,
            ListIsConsistent = true,
            CanRetain = false,
            Distance = new DriveInfo(root).DriveType == DriveType.Network ? StoreDistance.Share : StoreDistance.LocalDisk,
        };
        _temporaryFiles = TemporaryFilesOf(root);
        _readHandles = new ReadHandles(root, ReadHandlesMax);
        _reserve = new ReserveFile(root);
        _directHandles = new ReadHandles(root, DirectHandlesMax, Libc.O_RDONLY | Libc.O_DIRECT);
        _durableDirectories[root] = true;
    }

    /// <inheritdoc/>
    public string Name => _root;

    /// <inheritdoc/>
    public StoreProperties Properties { get; }

    /// <summary>Temporary files of dead writers that were removed when the store was opened.</summary>
    public int LeftoversRemoved { get; private init; }

    /// <summary>Opens the store in a directory and removes what writers that died left there.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="create">Whether to make the directory, and its parents, durably when they are missing.</param>
    /// <exception cref="VProtectException">
    /// <see cref="ErrorCode.RepositoryNotFound"/> when it does not exist (and is not to be made) or is no directory; denied or failed.
    /// </exception>
    public static LocalFileStore Open(string directory, bool create)
    {
        string root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        try
        {
            if (!PosixFile.TryGetStatus(root, out FileStatus status) && create)
            {
                CreateDirectories(root);
            }
            else if (!status.IsDirectory)
            {
                throw new VProtectException(
                    ErrorCode.RepositoryNotFound,
                    ErrorSide.Repository,
                    $"'{root}' is not an existing directory.",
                    "Check the path and that its disk or share is mounted; 'vprotect repo init' makes a new repository.");
            }

            return new LocalFileStore(root) { LeftoversRemoved = RemoveLeftovers(root) };
        }
        catch (PosixException exception)
        {
            throw LocalFileErrors.Translate(exception);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IObjectWriter> CreateAsync(string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectKey.Validate(key);
        _reserve.Keep();
        return ValueTask.FromResult<IObjectWriter>(CreateWriter(key));
    }

    /// <inheritdoc/>
    public async ValueTask<bool> PutIfAbsentAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectKey.Validate(key);
        return await Task.Run(() => Put(key, content.Span), CancellationToken.None);
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReadAsync(string key, long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            SafeFileHandle? handle = _readHandles.Rent(key);
            if (handle is null)
            {
                return -1;
            }

            try
            {
                return await PositionedIo.ReadAsync(handle, offsetBytes, buffer, key);
            }
            finally
            {
                ReadHandles.Return(handle);
            }
        }
        catch (PosixException exception)
        {
            // Whatever is wrong with the handle, the next read gets a fresh one.
            _readHandles.Forget(key);
            throw LocalFileErrors.Translate(new PosixException("read", PathOf(key), exception.Errno));
        }
    }

    /// <inheritdoc/>
    public ValueTask<long?> GetSizeAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            bool exists = PosixFile.TryGetStatus(PathOf(key), out FileStatus status) && status.IsRegularFile;
            return ValueTask.FromResult<long?>(exists ? status.SizeBytes : null);
        }
        catch (PosixException exception)
        {
            throw LocalFileErrors.Translate(exception);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ObjectInfo> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectKey.ValidatePrefix(prefix);
        // A walk over a big directory is long; it should not begin on the caller's thread.
        await Task.Yield();
        using IEnumerator<ObjectInfo> objects =
            EnumerateObjects(Path.TrimEndingDirectorySeparator(PathOf(prefix))).GetEnumerator();
        while (MoveNext(objects))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return objects.Current;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> DeleteAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        cancellationToken.ThrowIfCancellationRequested();
        return await Task.Run(() => Delete(key), CancellationToken.None);
    }

    /// <inheritdoc/>
    public ValueTask<StoreSpace?> GetSpaceAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            // AvailableFreeSpace leaves out what is reserved to root and, where the file system tells, beyond a quota.
            var drive = new DriveInfo(_root);
            return ValueTask.FromResult<StoreSpace?>(new StoreSpace(drive.TotalSize, drive.AvailableFreeSpace));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw LocalFileErrors.Translate(new PosixException("statfs", _root, Errno.EIO));
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _readHandles.Dispose();
        _directHandles.Dispose();
        return ValueTask.CompletedTask;
    }

    internal string PathOf(string key) => string.Concat(_root, "/", key);

    /// <summary>
    /// Makes the directories an object lies in, and their names durable. Once per directory and process, also for those
    /// that exist: whoever made them may not have got to his fsync.
    /// </summary>
    internal void PrepareDirectoryOf(string path)
    {
        string directory = Path.GetDirectoryName(path)!;
        if (_durableDirectories.ContainsKey(directory))
        {
            return;
        }

        PrepareDirectoryOf(directory);
        MakeDirectory(directory);
        _durableDirectories[directory] = true;
    }

    /// <summary>Small objects may use the reserve: forgetting and collecting need a few of them to give space back.</summary>
    private bool Put(string key, ReadOnlySpan<byte> content)
    {
        while (true)
        {
            LocalFileWriter? writer = null;
            try
            {
                writer = CreateWriter(key);
                return writer.WriteAndCommit(content);
            }
            catch (VProtectException failure) when (failure.Code == ErrorCode.StoreFull && _reserve.Release(content.Length))
            {
                if (writer is { IsRenamed: true })
                {
                    return FlushNameOf(key);
                }
            }
        }
    }

    private bool FlushNameOf(string key)
    {
        try
        {
            PosixFile.FlushDirectory(Path.GetDirectoryName(PathOf(key))!);
            return true;
        }
        catch (PosixException exception)
        {
            throw LocalFileErrors.Translate(exception);
        }
    }

    private LocalFileWriter CreateWriter(string key)
    {
        ObjectKey.Validate(key);
        try
        {
            (SafeFileHandle handle, string temporaryPath) = _temporaryFiles.Create();
            return new LocalFileWriter(this, key, handle, temporaryPath);
        }
        catch (PosixException exception)
        {
            throw LocalFileErrors.Translate(exception);
        }
    }

    private bool Delete(string key)
    {
        try
        {
            _readHandles.Forget(key);
            _directHandles.Forget(key);
            string path = PathOf(key);
            bool existed = PosixFile.Unlink(path);
            string directory = Path.GetDirectoryName(path)!;
            if (existed)
            {
                PosixFile.FlushDirectory(directory);
                _reserve.Keep();
            }

            return existed;
        }
        catch (PosixException exception)
        {
            throw LocalFileErrors.Translate(exception);
        }
    }

    private IEnumerable<ObjectInfo> EnumerateObjects(string start)
    {
        if (!PosixFile.TryGetStatus(start, out FileStatus startStatus) || !startStatus.IsDirectory)
        {
            yield break;
        }

        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            AttributesToSkip = 0,
            // What may not be read must not look empty.
            IgnoreInaccessible = false,
        };
        var paths = new FileSystemEnumerable<string>(start, (ref FileSystemEntry entry) => entry.ToFullPath(), options)
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory && entry.FileName[0] != '.',
            ShouldRecursePredicate = (ref FileSystemEntry entry) => entry.FileName[0] != '.',
        };
        foreach (string path in paths)
        {
            // Removed since the directory was read: not there.
            if (PosixFile.TryGetStatus(path, out FileStatus status))
            {
                yield return new ObjectInfo(path[(_root.Length + 1)..], status.SizeBytes);
            }
        }
    }

    private bool MoveNext(IEnumerator<ObjectInfo> objects)
    {
        try
        {
            return objects.MoveNext();
        }
        catch (PosixException exception)
        {
            throw LocalFileErrors.Translate(exception);
        }
        catch (UnauthorizedAccessException)
        {
            throw LocalFileErrors.Translate(new PosixException("list", _root, Errno.EACCES));
        }
        catch (IOException)
        {
            throw LocalFileErrors.Translate(new PosixException("list", _root, Errno.EIO));
        }
    }

    // No key can name what lies there.
    private static TemporaryFiles TemporaryFilesOf(string root) => new(Path.Join(root, ".tmp"), prefix: string.Empty);

    private static int RemoveLeftovers(string root)
    {
        try
        {
            return TemporaryFilesOf(root).RemoveLeftovers();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A store that may only be read is opened all the same; who writes will meet the error.
            return 0;
        }
    }

    private static void CreateDirectories(string directory)
    {
        string? parent = Path.GetDirectoryName(directory);
        if (parent is not null && !PosixFile.TryGetStatus(parent, out _))
        {
            CreateDirectories(parent);
        }

        MakeDirectory(directory);
    }

    private static void MakeDirectory(string directory)
    {
        if (Libc.Mkdir(directory, 0x1C0) < 0 && PosixException.Last("mkdir", directory) is { Errno: not Errno.EEXIST } failure)
        {
            throw failure;
        }

        PosixFile.FlushDirectory(Path.GetDirectoryName(directory)!);
    }
}
