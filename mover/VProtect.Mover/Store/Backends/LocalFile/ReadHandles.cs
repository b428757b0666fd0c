using Microsoft.Win32.SafeHandles;
using VProtect.Mover.Posix;

namespace VProtect.Mover.Store.Backends.LocalFile;

/// <summary>
/// Open files of objects that are read again and again, least recently used closed first. Only big ones are kept: packs
/// have names that are never used twice, while small objects (leases, say) may come back under their name with other
/// content. A handle that lost its last name is never handed out.
/// </summary>
/// <param name="root">Directory of the store. Files go by their keys, so that a read of an open one makes no string.</param>
/// <param name="handlesMax">How many stay open.</param>
/// <param name="flags">How they are opened; for reading when not told.</param>
internal sealed class ReadHandles(string root, int handlesMax, int flags = Libc.O_RDONLY) : IDisposable
{
    internal const long KeptFromBytes = 1 << 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<(string Key, SafeFileHandle Handle)>> _byKey = [];
    private readonly LinkedList<(string Key, SafeFileHandle Handle)> _byUse = new();
    private bool _disposed;

    internal int Count
    {
        get
        {
            lock (_lock)
            {
                return _byKey.Count;
            }
        }
    }

    /// <summary>
    /// An open file, or null when there is none. It carries a reference, so that eviction cannot close it under a read:
    /// the caller gives it back with <see cref="Return"/>.
    /// </summary>
    internal SafeFileHandle? Rent(string key)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(LocalFileStore));
            if (_byKey.TryGetValue(key, out var node))
            {
                if (StillNamed(node.Value.Handle, key))
                {
                    _byUse.Remove(node);
                    _byUse.AddFirst(node);
                    return WithReference(node.Value.Handle);
                }

                Remove(node);
            }
        }

        // Opened outside of the lock: on a share this may take its time.
        string path = string.Concat(root, "/", key);
        int error = PosixFile.TryOpen(path, flags, out SafeFileHandle? handle);
        if (error != 0)
        {
            return error is Errno.ENOENT or Errno.ENOTDIR ? null : throw new PosixException("open", path, error);
        }

        return Keep(key, handle!);
    }

    /// <summary>Ends a loan. Files that were not kept close here.</summary>
    internal static void Return(SafeFileHandle handle) => handle.DangerousRelease();

    internal void Forget(string key)
    {
        lock (_lock)
        {
            if (_byKey.TryGetValue(key, out var node))
            {
                Remove(node);
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            while (_byUse.First is { } node)
            {
                Remove(node);
            }
        }
    }

    private SafeFileHandle Keep(string key, SafeFileHandle handle)
    {
        WithReference(handle);
        bool isBig = PosixFile.GetStatus(handle, key).SizeBytes >= KeptFromBytes;
        lock (_lock)
        {
            if (isBig && !_disposed && !_byKey.ContainsKey(key))
            {
                _byKey.Add(key, _byUse.AddFirst((key, handle)));
                if (_byKey.Count > handlesMax)
                {
                    Remove(_byUse.Last!);
                }
            }
            else
            {
                // The reference keeps it open until it is returned.
                handle.Dispose();
            }
        }

        return handle;
    }

    private void Remove(LinkedListNode<(string Key, SafeFileHandle Handle)> node)
    {
        _byUse.Remove(node);
        _byKey.Remove(node.Value.Key);
        node.Value.Handle.Dispose();
    }

    // On a share another machine's removal shows as a stale handle.
    private static bool StillNamed(SafeFileHandle handle, string key)
    {
        try
        {
            return PosixFile.GetStatus(handle, key).LinkCount > 0;
        }
        catch (PosixException exception) when (exception.Errno is Errno.ESTALE or Errno.ENOENT)
        {
            return false;
        }
    }

    private static SafeFileHandle WithReference(SafeFileHandle handle)
    {
        bool added = false;
        handle.DangerousAddRef(ref added);
        return handle;
    }
}
