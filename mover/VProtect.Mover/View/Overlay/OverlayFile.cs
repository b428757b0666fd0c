using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using VProtect.Abstractions;
using VProtect.Mover.Posix;

namespace VProtect.Mover.View.Overlay;

/// <summary>
/// The file of an overlay and its map: pages written, read, and committed (OVERLAY.md). Safe from several threads.
/// <code>
///              read              write                    commit
/// read         together          sees old or new, whole   its pages stay until it has ended
/// write        "                 the later one counts     belongs to this commit or the next
/// commit       "                 "                        one after the other; who waits shares the next
/// </code>
/// </summary>
internal sealed partial class OverlayFile : IAsyncDisposable
{
    /// <summary>Blocks written after which a commit is begun without being asked.</summary>
    private const int DirtyBlocksMax = 16_384;

    private static readonly TimeSpan CommitEvery = TimeSpan.FromSeconds(5);

    private readonly string _path;
    private readonly SafeFileHandle _handle;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _committing = new(1, 1);
    private readonly OverlayMap _map;
    private readonly PageAllocator _pages;
    private readonly Dictionary<long, int> _readers = [];
    private readonly Queue<(long Generation, List<uint> Pages)> _leaving = new();
    private OverlayHeader _header;
    private Dictionary<long, (uint Page, uint Crc)> _dirty = [];
    private List<(long Block, long Count)> _zeros = [];
    private List<uint> _freed = [];
    private long _generation;
    private long _durable = -1;
    private int _isCommitBegun;
    private Exception? _failure;
    private OverlayTail? _tail; // none while it is opened

    private OverlayFile(string path, SafeFileHandle handle, OverlayHeader header, OverlayMap map, PageAllocator pages, TimeProvider time)
    {
        (_path, _handle, _header, _map, _pages) = (path, handle, header, map, pages);
        _timer = time.CreateTimer(static file => ((OverlayFile)file!).BeginCommit(), this, CommitEvery, CommitEvery);
    }

    /// <summary>Blocks that are not the restore point's any more.</summary>
    public long ChangedBlocks
    {
        get
        {
            lock (_gate)
            {
                return _map.ChangedBlocks;
            }
        }
    }

    private int Fd => PosixFile.Fd(_handle);

    /// <summary>Begins to read: what the blocks are, and pages among them stay until <see cref="EndRead"/> is called with the result.</summary>
    public long BeginRead(long firstBlock, Span<uint> blocks)
    {
        lock (_gate)
        {
            for (int i = 0; i < blocks.Length; i++)
            {
                blocks[i] = _map[firstBlock + i];
            }

            _readers[_generation] = _readers.GetValueOrDefault(_generation) + 1;
            return _generation;
        }
    }

    public void EndRead(long ticket)
    {
        lock (_gate)
        {
            if (--_readers[ticket] == 0)
            {
                _readers.Remove(ticket);
            }
        }
    }

    /// <summary>Reads bytes of pages in a row that <see cref="BeginRead"/> named.</summary>
    public void ReadPages(uint page, int within, Span<byte> target)
    {
        try
        {
            int read = PosixFile.Read(Fd, ((long)page * OverlayFormat.PageBytes) + within, target, _path);
            if (read < target.Length)
            {
                throw OverlayErrors.Damaged(_path, "it has been cut");
            }
        }
        catch (PosixException e)
        {
            throw OverlayErrors.Translate(e);
        }
    }

    /// <summary>Writes whole blocks.</summary>
    public void Write(long firstBlock, ReadOnlySpan<byte> data) => TryWrite(firstBlock, data, expected: null);

    /// <summary>Writes one block unless it is not any more what it was.</summary>
    /// <returns>False when it had been written meanwhile.</returns>
    public bool TryReplace(long block, uint was, ReadOnlySpan<byte> data) => TryWrite(block, data, was);

    /// <summary>Makes blocks read as zeros.</summary>
    public void WriteZeros(long firstBlock, long count)
    {
        ThrowIfFailed();
        lock (_gate)
        {
            var notes = new List<OverlayEntry>(1);
            AddZeros(notes, firstBlock, count);
            try
            {
                Note(CollectionsMarshal.AsSpan(notes));
            }
            catch (PosixException e)
            {
                throw OverlayErrors.Translate(e);
            }

            _map.SetZeros(firstBlock, count, _freed);
            AddZeros(_dirty, _zeros, firstBlock, count);
        }

        CommitIfMuch();
    }

    /// <summary>What was changed, as runs of blocks in order; zeros too.</summary>
    public List<(long Block, long Count)> ListChanges()
    {
        var changes = new List<(long Block, long Count)>();
        lock (_gate)
        {
            foreach ((long block, long count, _) in _map.Runs())
            {
                if (changes.Count > 0 && changes[^1].Block + changes[^1].Count == block)
                {
                    changes[^1] = changes[^1] with { Count = changes[^1].Count + count };
                }
                else
                {
                    changes.Add((block, count));
                }
            }
        }

        return changes;
    }

    /// <summary>The value of a block, and how many from it on are of the same kind: the restore point's, zeros, or written.</summary>
    public (uint Value, long Count) GetRun(long block, long countMax)
    {
        lock (_gate)
        {
            return (_map[block], _map.GetRunLength(block, countMax));
        }
    }

    /// <summary>Commits what is left and closes. Nothing may be under way.</summary>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        try
        {
            if (_failure is null)
            {
                await CommitAsync(CancellationToken.None);
                _tail?.Remove();
            }
        }
        finally
        {
            _tail?.Dispose();
            _handle.Dispose();
            _committing.Dispose();
        }
    }

    private bool TryWrite(long firstBlock, ReadOnlySpan<byte> data, uint? expected)
    {
        ThrowIfFailed();
        int count = data.Length / OverlayFormat.PageBytes;
        var runs = new List<(uint Page, int Count)>(1);
        lock (_gate)
        {
            for (int taken = 0; taken < count;)
            {
                (uint Page, int Count) run = _pages.Take(count - taken);
                runs.Add(run);
                taken += run.Count;
            }
        }

        Span<uint> crcs = count <= 256 ? stackalloc uint[count] : new uint[count];
        try
        {
            ReadOnlySpan<byte> rest = data;
            foreach ((uint page, int pages) in runs)
            {
                int bytes = pages * OverlayFormat.PageBytes;
                PosixFile.Write(Fd, (long)page * OverlayFormat.PageBytes, rest[..bytes], _path);
                rest = rest[bytes..];
            }

            for (int i = 0; i < count; i++)
            {
                crcs[i] = Seal.Packing.PackFormat.Crc32C(data.Slice(i * OverlayFormat.PageBytes, OverlayFormat.PageBytes));
            }
        }
        catch (PosixException e)
        {
            lock (_gate)
            {
                FreeAll(runs);
            }

            throw OverlayErrors.Translate(e);
        }

        lock (_gate)
        {
            if (expected is { } was && _map[firstBlock] != was)
            {
                FreeAll(runs);
                return false;
            }

            Note(firstBlock, runs, crcs);
            long block = firstBlock;
            int done = 0;
            foreach ((uint page, int pages) in runs)
            {
                for (uint i = 0; i < pages; i++, block++, done++)
                {
                    uint old = _map.Set(block, page + i);
                    if (old > OverlayMap.Zero)
                    {
                        _freed.Add(old);
                    }

                    _dirty[block] = (page + i, crcs[done]);
                }
            }
        }

        CommitIfMuch();
        return true;
    }

    /// <summary>Under the lock, before blocks are what they were written to be: notes it; when that fails they are not written.</summary>
    private void Note(long firstBlock, List<(uint Page, int Count)> runs, ReadOnlySpan<uint> crcs)
    {
        Span<OverlayEntry> notes = crcs.Length <= 8 ? stackalloc OverlayEntry[crcs.Length] : new OverlayEntry[crcs.Length];
        int done = 0;
        foreach ((uint page, int count) in runs)
        {
            for (uint i = 0; i < count; i++, done++)
            {
                notes[done] = new OverlayEntry(firstBlock + done, OverlayFormat.Data, page + i, crcs[done]);
            }
        }

        try
        {
            Note(notes);
        }
        catch (PosixException e)
        {
            FreeAll(runs);
            throw OverlayErrors.Translate(e);
        }
    }

    private void Note(ReadOnlySpan<OverlayEntry> notes)
    {
        try
        {
            _tail!.Append(notes);
        }
        catch (InvalidOperationException e)
        {
            // What is noted and what is there differ.
            Volatile.Write(ref _failure, e);
            ThrowIfFailed();
        }
    }

    /// <summary>Zeros that are in no commit yet: nothing of what was written there before is.</summary>
    private static void AddZeros(Dictionary<long, (uint Page, uint Crc)> dirty, List<(long Block, long Count)> zeros, long firstBlock, long count)
    {
        if (count < dirty.Count)
        {
            for (long block = firstBlock; block < firstBlock + count; block++)
            {
                dirty.Remove(block);
            }
        }
        else
        {
            foreach (long block in dirty.Keys.Where(block => block >= firstBlock && block < firstBlock + count).ToList())
            {
                dirty.Remove(block);
            }
        }

        if (zeros.Count > 0 && zeros[^1] is var (last, length) && last + length == firstBlock)
        {
            zeros[^1] = (last, length + count);
        }
        else
        {
            zeros.Add((firstBlock, count));
        }
    }

    private void FreeAll(List<(uint Page, int Count)> runs)
    {
        foreach ((uint page, int count) in runs)
        {
            for (uint i = 0; i < count; i++)
            {
                _pages.Free(page + i);
            }
        }
    }

    private void CommitIfMuch()
    {
        int much;
        lock (_gate)
        {
            much = _dirty.Count + _zeros.Count;
        }

        if (much >= DirtyBlocksMax)
        {
            BeginCommit();
        }
    }

    private void BeginCommit()
    {
        if (Interlocked.Exchange(ref _isCommitBegun, 1) == 0)
        {
            _ = Task.Run(async () =>
            {
                try
                {
                    await CommitAsync(CancellationToken.None);
                }
                catch (Exception e) when (e is VProtectException or ObjectDisposedException)
                {
                    // Told to whoever flushes next.
                }
                finally
                {
                    Volatile.Write(ref _isCommitBegun, 0);
                }
            });
        }
    }

    private void ThrowIfFailed()
    {
        if (_failure is { } failure)
        {
            throw new VProtectException(
                ErrorCode.OverlayFailed, ErrorSide.Target, $"The overlay failed before and takes nothing any more: {failure.Message}",
                "End the mount, check the disk the overlay lies on, and mount again: what was flushed is there.", RetryAdvice.Never, failure);
        }
    }

    private static ulong NewNonce() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
}
