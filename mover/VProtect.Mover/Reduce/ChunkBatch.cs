using System.Threading.Tasks.Sources;
using VProtect.Abstractions;
using VProtect.Mover.Seal.Packing;

namespace VProtect.Mover.Reduce;

/// <summary>What reducing found out about a chunk.</summary>
internal enum ChunkState : byte
{
    Zero = 0,
    Known = 1,
    New = 2,
}

/// <summary>A chunk of a batch after reducing.</summary>
internal struct ReducedChunk
{
    public ChunkId Id;
    public ChunkState State;
    public ChunkCodec Codec;
    public int RawBytes;

    /// <summary>Where its bytes to store lie: in <see cref="ChunkBatch.Raw"/> for <see cref="ChunkCodec.None"/>, else in <see cref="ChunkBatch.Packed"/>.</summary>
    public int Offset;
    public int Length;
}

/// <summary>
/// Consecutive chunks on their way through the backup: read into <see cref="Raw"/>, reduced by one worker, sealed in order.
/// One owner at a time: reader, then worker, then sealer, then the pool. Its completion is awaited once per round.
/// </summary>
internal sealed class ChunkBatch : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _reduced = new() { RunContinuationsAsynchronously = true };

    public ChunkBatch(int capacityChunks, int chunkBytes)
    {
        Raw = GC.AllocateUninitializedArray<byte>(capacityChunks * chunkBytes, pinned: true);
        Packed = GC.AllocateUninitializedArray<byte>(capacityChunks * chunkBytes, pinned: true);
        Chunks = new ReducedChunk[capacityChunks];
        Ids = new ChunkId[capacityChunks];
        Locations = new ChunkLocation[capacityChunks];
        Found = new bool[capacityChunks];
    }

    public byte[] Raw { get; }

    public byte[] Packed { get; }

    public ReducedChunk[] Chunks { get; }

    public long FirstChunk { get; private set; }

    /// <summary>Plain bytes in it.</summary>
    public int LengthBytes { get; set; }

    public int Count { get; set; }

    // Scratch of the index look-up, kept so that it is not allocated for each batch.
    internal ChunkId[] Ids { get; }

    internal ChunkLocation[] Locations { get; }

    internal bool[] Found { get; }

    /// <summary>Completes when a worker has reduced the batch, or with what made reading or reducing fail.</summary>
    public ValueTask Reduced => new(this, _reduced.Version);

    public void Begin(long firstChunk, int lengthBytes)
    {
        _reduced.Reset();
        FirstChunk = firstChunk;
        LengthBytes = lengthBytes;
        Count = 0;
    }

    public void Complete() => _reduced.SetResult(true);

    public void Fail(Exception error) => _reduced.SetException(error);

    void IValueTaskSource.GetResult(short token) => _reduced.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _reduced.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _reduced.OnCompleted(continuation, state, token, flags);
}
