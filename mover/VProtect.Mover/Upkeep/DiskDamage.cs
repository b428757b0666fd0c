namespace VProtect.Mover.Upkeep;

/// <summary>Which bytes of one disk of a restore point cannot be restored.</summary>
internal sealed class DiskDamage
{
    /// <summary>Ranges kept of one disk; beyond them only bytes are counted.</summary>
    private const int RangesMax = 1000;

    private readonly List<ByteRange> _ranges = [];

    /// <summary>Ascending, neighbours merged; the first thousand.</summary>
    public IReadOnlyList<ByteRange> Ranges => _ranges;

    /// <summary>Of all ranges.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether there are more ranges than are kept.</summary>
    public bool HasMoreRanges { get; private set; }

    /// <summary>Adds a range; they come in ascending order.</summary>
    public void Add(long offsetBytes, long lengthBytes)
    {
        Bytes += lengthBytes;
        if (_ranges.Count > 0 && _ranges[^1].OffsetBytes + _ranges[^1].LengthBytes == offsetBytes && !HasMoreRanges)
        {
            _ranges[^1] = _ranges[^1] with { LengthBytes = _ranges[^1].LengthBytes + lengthBytes };
        }
        else if (_ranges.Count < RangesMax)
        {
            _ranges.Add(new ByteRange(offsetBytes, lengthBytes));
        }
        else
        {
            HasMoreRanges = true;
        }
    }
}

/// <summary>Bytes of a disk.</summary>
/// <param name="OffsetBytes">The first.</param>
/// <param name="LengthBytes">How many.</param>
public readonly record struct ByteRange(long OffsetBytes, long LengthBytes);

/// <summary>A disk of a restore point that cannot be restored whole.</summary>
public sealed record AffectedPoint(string Id, string Machine, long Sequence, DateTimeOffset CreatedAt, string Disk)
{
    /// <summary>Bytes of the disk that are lost.</summary>
    public required long DamagedBytes { get; init; }

    /// <summary>Where they are: ascending, neighbours merged; the first thousand.</summary>
    public required IReadOnlyList<ByteRange> Ranges { get; init; }

    /// <summary>Whether there are more ranges than are told.</summary>
    public bool HasMoreRanges { get; init; }
}
