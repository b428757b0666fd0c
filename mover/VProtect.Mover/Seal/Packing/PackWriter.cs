using VProtect.Abstractions;
using VProtect.Mover.Seal.Keys;

namespace VProtect.Mover.Seal.Packing;

/// <summary>
/// Writes one pack, front to back: records are sealed into a buffer while the buffer before it goes to the store.
/// Used by one task at a time. Memory: two buffers of about 1 MiB, and 64 bytes for each record.
/// </summary>
internal sealed class PackWriter : IAsyncDisposable
{
    private const int FlushBytes = 1 << 20;
    private const int BufferBytes = FlushBytes + PackFormat.RecordHeaderBytes + PackFormat.PayloadBytesMax;

    private readonly IObjectWriter _writer;
    private readonly PackHeader _header;
    private readonly PackCipher _cipher;
    private readonly ReadOnlyMemory<byte> _macKey;
    private readonly List<PackFooterEntry> _entries = [];
    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes, pinned: true);
    private byte[] _spare = GC.AllocateUninitializedArray<byte>(BufferBytes, pinned: true);
    private int _buffered;
    private Task _flushing = Task.CompletedTask;

    private PackWriter(IObjectWriter writer, in PackHeader header, RepositoryKeys keys)
    {
        _writer = writer;
        _header = header;
        _cipher = new PackCipher(keys, header);
        _macKey = keys.MacKey;
        header.CopyTo(_buffer);
        _buffered = PackFormat.HeaderBytes;
        LengthBytes = PackFormat.HeaderBytes;
    }

    /// <summary>The pack's name.</summary>
    public PackId Id => _header.Pack;

    /// <summary>Bytes so far, header included, footer not.</summary>
    public long LengthBytes { get; private set; }

    /// <summary>Records so far.</summary>
    public int Count => _entries.Count;

    /// <summary>Begins a pack under a new random id.</summary>
    public static async ValueTask<PackWriter> CreateAsync(
        IObjectStore store, UInt128 repositoryId, RepositoryKeys keys, PackKind kind, long generation, CancellationToken cancellationToken)
    {
        var header = new PackHeader(kind, keys.Sealing, keys.CurrentEpoch, repositoryId, PackId.NewRandom(), generation);
        IObjectWriter writer = await store.CreateAsync(PackFormat.Key(header.Pack), cancellationToken);
        return new PackWriter(writer, header, keys);
    }

    /// <summary>Seals a chunk into the pack.</summary>
    /// <returns>Bytes the record takes in the pack.</returns>
    public async ValueTask<long> AppendAsync(
        ChunkId id, ChunkCodec codec, int rawBytes, ReadOnlyMemory<byte> packed, CancellationToken cancellationToken)
    {
        if (_buffered >= FlushBytes)
        {
            await FlushAsync(cancellationToken);
        }

        long offset = LengthBytes;
        RecordHeader record = _cipher.Seal(_buffer.AsSpan(_buffered), offset, id, codec, rawBytes, packed.Span);
        _entries.Add(new PackFooterEntry(checked((uint)offset), record));
        _buffered += (int)record.RecordBytes;
        LengthBytes += record.RecordBytes;
        return record.RecordBytes;
    }

    /// <summary>Writes the footer and makes the pack durable. After it only dispose is allowed.</summary>
    /// <returns>Its contents, for the chunk index.</returns>
    public async Task<PackFooter> SealAsync(CancellationToken cancellationToken)
    {
        byte[] footer = PackFooter.Encode(
            _header, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_entries), LengthBytes, _macKey.Span);
        await FlushAsync(cancellationToken);
        await _flushing;
        await _writer.WriteAsync(footer, cancellationToken);
        if (!await _writer.CommitAsync(cancellationToken))
        {
            throw new VProtectException(
                ErrorCode.StoreFailed, ErrorSide.Repository, $"A pack named {Id} exists already.",
                "This cannot happen with a working random source; check the system's entropy, then run the backup again.");
        }

        return new PackFooter(_header, LengthBytes + footer.Length, _entries);
    }

    private async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        await _flushing;
        ReadOnlyMemory<byte> full = _buffer.AsMemory(0, _buffered);
        (_buffer, _spare) = (_spare, _buffer);
        _buffered = 0;

        // On another thread: writing to a file is synchronous, and the next records are sealed meanwhile.
        _flushing = StageGroup.Start(() => _writer.WriteAsync(full, cancellationToken).AsTask());
    }

    /// <summary>Ends the writer; a pack that was not sealed leaves nothing behind.</summary>
    public async ValueTask DisposeAsync()
    {
        // A failed flush has been or will be told by whoever awaited it; here only its end matters.
        await _flushing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await _writer.DisposeAsync();
        _cipher.Dispose();
    }
}
