namespace VProtect.Abstractions;

/// <summary>
/// A disk to back up: its size, its extents and its bytes, at one instant. Reads may run in parallel unless
/// <see cref="IsSequential"/>. Owned and disposed by whoever opened it.
/// </summary>
public interface IBlockSource : IAsyncDisposable
{
    /// <summary>What a log or an error calls it. Holds no secret.</summary>
    string Name { get; }

    /// <summary>Size of the disk in bytes; null for a stream, which ends where it ends.</summary>
    long? SizeBytes { get; }

    /// <summary>True when bytes can only be had once and in order (a pipe).</summary>
    bool IsSequential { get; }

    /// <summary>Reads that help in parallel; 1 for a stream.</summary>
    int ReadsInFlightMax { get; }

    /// <summary>
    /// What this source will want to see as <see cref="ParentDisk.Token"/> at the next backup of this disk, to tell what
    /// changed since this one; opaque, kept in the restore point; null when it needs nothing.
    /// </summary>
    string? NextToken => null;

    /// <summary>
    /// The whole disk as extents: ordered, gapless from 0 to <see cref="SizeBytes"/>. A source that cannot tell answers
    /// one data extent. Streams answer none.
    /// </summary>
    IAsyncEnumerable<Extent> GetExtentsAsync(CancellationToken cancellationToken);

    /// <summary>
    /// What changed since <paramref name="parent"/>. Trouble in telling is an answer
    /// (<see cref="ChangedBlocks.MustFull"/>), not an exception.
    /// </summary>
    ValueTask<ChangedBlocks> GetChangedBlocksAsync(ParentDisk parent, CancellationToken cancellationToken);

    /// <summary>
    /// Fills <paramref name="buffer"/> from <paramref name="offsetBytes"/>. Short only at the end of a stream.
    /// After it completes, in whatever way, nothing writes to the buffer.
    /// </summary>
    /// <returns>Bytes read.</returns>
    /// <exception cref="VProtectException">The source failed; side <see cref="ErrorSide.Source"/>.</exception>
    ValueTask<int> ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken);
}

/// <summary>The disk in the restore point that a delta would build upon.</summary>
/// <param name="RestorePoint">Its restore point.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="Token">The changed-block token kept with it, or null.</param>
public sealed record ParentDisk(string RestorePoint, long SizeBytes, string? Token);
