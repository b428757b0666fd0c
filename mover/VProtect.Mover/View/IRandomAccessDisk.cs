using VProtect.Abstractions;

namespace VProtect.Mover.View;

/// <summary>A disk whose bytes can be had in any order. All members are safe to call from several threads.</summary>
public interface IRandomAccessDisk
{
    /// <summary>What a log calls it.</summary>
    string Name { get; }

    /// <summary>Its size in bytes, more than 0.</summary>
    long SizeBytes { get; }

    /// <summary>Fills the buffer with the bytes at an offset; the range is within the disk.</summary>
    /// <exception cref="IntegrityException">A part of the range is damaged: what the buffer holds is of no use.</exception>
    /// <exception cref="VProtectException">Its bytes cannot be had.</exception>
    ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Adds the extents of a range, without reading its bytes: in order, gapless from its beginning, at least one and at most
    /// <paramref name="countMax"/>, which may end before the range does.</summary>
    ValueTask GetExtentsAsync(long offsetBytes, long lengthBytes, int countMax, ICollection<Extent> extents, CancellationToken cancellationToken);

    /// <summary>Begins to have a range at hand, as far as there is room. Never fails.</summary>
    ValueTask PrefetchAsync(long offsetBytes, long lengthBytes, CancellationToken cancellationToken);
}
