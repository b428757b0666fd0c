using System.Diagnostics;
using VProtect.Abstractions;
using VProtect.Mover.Reduce.Chunking;
using VProtect.Mover.Reduce.Zstd;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Seal.Packing;

namespace VProtect.Mover.Reduce;

/// <summary>
/// One worker's tools to reduce a batch: cut → zero? → id → known? → compress. CPU only; used by one thread at a time.
/// </summary>
internal sealed class ChunkReducer(
    RepositoryKeys keys, int chunkBytes, IChunkIndex index, IReadOnlySet<PackId> condemned, int zstdLevel, StageClock clock) : IDisposable
{
    /// <summary>A compressed chunk that saves less than 1/32 is stored as it is: reading it back is then a copy.</summary>
    private const int WorthwhileShift = 5;

    private readonly ZstdCompressor _compressor = new(zstdLevel, chunkBytes);
    private readonly IChunkIndexSession _index = index.OpenSession();

    public void Reduce(ChunkBatch batch)
    {
        long start = Stopwatch.GetTimestamp();
        int wanted = Identify(batch);
        long identified = Stopwatch.GetTimestamp();
        LookUp(batch, wanted);
        long lookedUp = Stopwatch.GetTimestamp();
        Compress(batch);
        clock.Add(Stage.Identify, identified - start);
        clock.Add(Stage.LookUp, lookedUp - identified);
        clock.Add(Stage.Compress, Stopwatch.GetTimestamp() - lookedUp);
    }

    private int Identify(ChunkBatch batch)
    {
        int count = 0;
        int wanted = 0;
        for (int offset = 0; offset < batch.LengthBytes; offset += chunkBytes, count++)
        {
            int length = Math.Min(chunkBytes, batch.LengthBytes - offset);
            ReadOnlySpan<byte> plain = batch.Raw.AsSpan(offset, length);
            ref ReducedChunk chunk = ref batch.Chunks[count];
            chunk = new ReducedChunk { RawBytes = length, Offset = offset, Length = length };
            if (!ZeroDetector.IsZero(plain))
            {
                chunk.Id = keys.ChunkIdOf(plain);
                chunk.State = ChunkState.New;
                batch.Ids[wanted++] = chunk.Id;
            }
        }

        batch.Count = count;
        return wanted;
    }

    private void LookUp(ChunkBatch batch, int wanted)
    {
        if (wanted == 0)
        {
            return;
        }

        Span<bool> found = batch.Found.AsSpan(0, wanted);
        found.Clear();
        _index.FindMany(batch.Ids.AsSpan(0, wanted), batch.Locations.AsSpan(0, wanted), found);
        int asked = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            if (batch.Chunks[i].State == ChunkState.New)
            {
                if (found[asked] && !condemned.Contains(batch.Locations[asked].Pack))
                {
                    batch.Chunks[i].State = ChunkState.Known;
                }

                asked++;
            }
        }
    }

    private void Compress(ChunkBatch batch)
    {
        int written = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            ref ReducedChunk chunk = ref batch.Chunks[i];
            if (chunk.State != ChunkState.New)
            {
                continue;
            }

            ReadOnlySpan<byte> plain = batch.Raw.AsSpan(chunk.Offset, chunk.RawBytes);
            int worthwhile = chunk.RawBytes - (chunk.RawBytes >> WorthwhileShift) - 1;
            int packed = worthwhile < 64 || CompressionProbe.LooksIncompressible(plain)
                ? 0
                : _compressor.Compress(plain, batch.Packed.AsSpan(written, worthwhile));
            if (packed > 0)
            {
                chunk.Codec = ChunkCodec.Zstd;
                chunk.Offset = written;
                chunk.Length = packed;
                written += packed;
            }
        }
    }

    public void Dispose()
    {
        _compressor.Dispose();
        _index.Dispose();
    }
}
