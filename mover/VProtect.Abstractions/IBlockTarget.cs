namespace VProtect.Abstractions;

/// <summary>
/// Where a disk is restored to. Writes may run in parallel and in any order unless <see cref="IsSequential"/>; ranges
/// written at once never overlap. Nothing counts until <see cref="CompleteAsync"/> has returned.
/// </summary>
public interface IBlockTarget : IAsyncDisposable
{
    /// <summary>What a log or an error calls it. Holds no secret.</summary>
    string Name { get; }

    /// <summary>True when bytes must be written in order and without gaps (a pipe).</summary>
    bool IsSequential { get; }

    /// <summary>True when a range that is never written reads as zeros afterwards.</summary>
    bool IsZeroed { get; }

    /// <summary>True when <see cref="ReadAsync"/> works, as a differential restore needs.</summary>
    bool CanRead { get; }

    /// <summary>Writes a range.</summary>
    ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> data, CancellationToken cancellationToken);

    /// <summary>Makes a range read as zeros, as a hole where the target knows holes.</summary>
    ValueTask WriteZeroesAsync(long offsetBytes, long lengthBytes, CancellationToken cancellationToken);

    /// <summary>Fills the buffer with what the target holds now. Only when <see cref="CanRead"/>.</summary>
    ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Extents of what the target holds now, gapless; zero extents need not be read. Only when <see cref="CanRead"/>.</summary>
    IAsyncEnumerable<Extent> GetExtentsAsync(CancellationToken cancellationToken);

    /// <summary>Makes everything durable and visible under its final name. Disposing without it leaves no file behind that was not there.</summary>
    ValueTask CompleteAsync(CancellationToken cancellationToken);
}
