using System.Numerics;
using VProtect.Abstractions;

namespace VProtect.Mover.Store;

/// <summary>Constants of a new repository; they hold for its whole life.</summary>
public sealed record RepositoryOptions
{
    /// <summary>Bytes of a chunk: a power of two from 16384 to 1048576. Default 65536 (mover/decisions/0002-chunk-size.md).</summary>
    public int ChunkBytes { get; init; } = 64 << 10;

    /// <summary>Bytes at which a pack is sealed: 4 MiB to 1 GiB. Default 64 MiB.</summary>
    public long PackBytes { get; init; } = 64 << 20;

    /// <summary>Whether chunks and manifests are encrypted. Default true.</summary>
    public bool Encrypt { get; init; } = true;

    internal void Validate()
    {
        if (ChunkBytes is < 16 << 10 or > 1 << 20 || !BitOperations.IsPow2(ChunkBytes))
        {
            throw Invalid($"The chunk size {ChunkBytes} is not a power of two from 16384 to 1048576.", "Correct --chunk-size, or leave it out for 65536.");
        }

        if (PackBytes is < 4 << 20 or > 1 << 30)
        {
            throw Invalid($"The pack size {PackBytes} is not within 4 MiB and 1 GiB.", "Correct --pack-size, or leave it out for 64 MiB.");
        }
    }

    private static VProtectException Invalid(string message, string guidance) =>
        new(ErrorCode.InvalidArgument, ErrorSide.Request, message, guidance);
}
