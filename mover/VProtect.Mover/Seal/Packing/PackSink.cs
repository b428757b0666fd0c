using System.Diagnostics;
using VProtect.Abstractions;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Manifests;

namespace VProtect.Mover.Seal.Packing;

/// <summary>
/// Where a job's new chunks and nodes go: one open data pack and one open node pack, full ones made durable in the background
/// and then published to the index. A chunk in a pack of this sink that is not published yet counts as known to this job alone,
/// which commits after <see cref="CompleteAsync"/>. Used by one task. Memory: see <see cref="PackWriter"/>, at most four at once.
/// </summary>
internal sealed class PackSink : INodeWriter, IAsyncDisposable
{
    /// <summary>Packs being made durable while the next is written.</summary>
    private const int SealingMax = 2;

    private readonly ChunkStore _chunks;
    private readonly long _generation;
    private readonly IReadOnlySet<PackId> _condemned;
    private readonly StageClock _clock;
    private readonly IChunkIndexSession _index;
    private readonly HashSet<ChunkId> _unpublished = [];
    private readonly Queue<Task<PackFooter>> _sealing = new();
    private PackWriter? _data;
    private PackWriter? _nodes;

    public PackSink(ChunkStore chunks, long generation, IReadOnlySet<PackId> condemned, StageClock clock)
    {
        _chunks = chunks;
        _generation = generation;
        _condemned = condemned;
        _clock = clock;
        _index = chunks.Index.OpenSession();
    }

    /// <summary>Watches the space left; null for a collector, which works in the reserve.</summary>
    public SpaceGuard? Space { get; init; }

    /// <summary>Packs made durable.</summary>
    public int PackCount { get; private set; }

    /// <summary>Stores a chunk unless this sink holds it already.</summary>
    /// <returns>Bytes it takes in its pack; 0 when it was there.</returns>
    public async ValueTask<long> AddChunkAsync(
        ChunkId id, ChunkCodec codec, int rawBytes, ReadOnlyMemory<byte> packed, CancellationToken cancellationToken)
    {
        return _unpublished.Add(id) ? await AppendAsync(PackKind.Data, id, codec, rawBytes, packed, cancellationToken) : 0;
    }

    /// <summary>Stores a record of either kind, known or not: the rewriting of a collector.</summary>
    /// <returns>Bytes it takes in its pack.</returns>
    public ValueTask<long> AddRecordAsync(
        PackKind kind, ChunkId id, ChunkCodec codec, int rawBytes, ReadOnlyMemory<byte> packed, CancellationToken cancellationToken) =>
        _unpublished.Add(id) ? AppendAsync(kind, id, codec, rawBytes, packed, cancellationToken) : new(0L);

    /// <inheritdoc/>
    public async ValueTask<ChunkId> WriteNodeAsync(ReadOnlyMemory<byte> node, CancellationToken cancellationToken)
    {
        ChunkId id = _chunks.Repository.Keys.NodeIdOf(node.Span);
        bool known = _index.TryFind(id, out ChunkLocation location) && !_condemned.Contains(location.Pack);
        if (known || !_unpublished.Add(id))
        {
            return id;
        }

        await AppendAsync(PackKind.Nodes, id, ChunkCodec.None, node.Length, node, cancellationToken);
        return id;
    }

    private async ValueTask<long> AppendAsync(
        PackKind kind, ChunkId id, ChunkCodec codec, int rawBytes, ReadOnlyMemory<byte> packed, CancellationToken cancellationToken)
    {
        PackWriter pack = OpenPack(kind) ?? await CreateAsync(kind, cancellationToken);
        OpenPack(kind) = pack;
        long stored = await pack.AppendAsync(id, codec, rawBytes, packed, cancellationToken);
        if (Space is not null)
        {
            await Space.SpendAsync(stored, cancellationToken);
        }

        if (pack.LengthBytes >= _chunks.Repository.PackBytes)
        {
            await SealAsync(pack, kind, cancellationToken);
        }

        return stored;
    }

    private ref PackWriter? OpenPack(PackKind kind) => ref kind == PackKind.Nodes ? ref _nodes : ref _data;

    /// <summary>Makes everything durable and published.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        foreach (PackWriter? open in new[] { _data, _nodes })
        {
            if (open is not null)
            {
                _sealing.Enqueue(SealAndDisposeAsync(open, cancellationToken));
            }
        }

        _data = _nodes = null;
        while (_sealing.Count > 0)
        {
            await PublishOldestAsync();
        }
    }

    private ValueTask<PackWriter> CreateAsync(PackKind kind, CancellationToken cancellationToken) =>
        PackWriter.CreateAsync(_chunks.Repository.Store, _chunks.Repository.Uuid, _chunks.Repository.Keys, kind, _generation, cancellationToken);

    private async ValueTask SealAsync(PackWriter full, PackKind kind, CancellationToken cancellationToken)
    {
        while (_sealing.Count >= SealingMax || (_sealing.Count > 0 && _sealing.Peek().IsCompleted))
        {
            await PublishOldestAsync();
        }

        // From here on the task owns the pack; it is started even when cancelled, since it also disposes.
        OpenPack(kind) = null;
        _sealing.Enqueue(StageGroup.Start(() => SealAndDisposeAsync(full, cancellationToken)));
    }

    private async Task<PackFooter> SealAndDisposeAsync(PackWriter pack, CancellationToken cancellationToken)
    {
        await using (pack)
        {
            long start = Stopwatch.GetTimestamp();
            PackFooter footer = await pack.SealAsync(cancellationToken);
            _clock.Add(Stage.Commit, Stopwatch.GetTimestamp() - start);
            return footer;
        }
    }

    private async ValueTask PublishOldestAsync()
    {
        long start = Stopwatch.GetTimestamp();
        PackFooter footer = await _sealing.Dequeue();
        _clock.Add(Stage.Write, Stopwatch.GetTimestamp() - start);
        _chunks.Index.AddPack(footer.Header.Pack, footer.ToIndexEntries());
        PackCount++;
        foreach (PackFooterEntry entry in footer.Entries)
        {
            _unpublished.Remove(entry.Record.Id);
        }
    }

    /// <summary>Drops what was not completed: open packs leave nothing behind; those made durable stay, known to the next backup.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (PackWriter? open in new[] { _data, _nodes })
        {
            if (open is not null)
            {
                await open.DisposeAsync();
            }
        }

        while (_sealing.TryDequeue(out Task<PackFooter>? sealing))
        {
            await ((Task)sealing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        _index.Dispose();
    }
}
