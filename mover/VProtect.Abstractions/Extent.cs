namespace VProtect.Abstractions;

/// <summary>What is known of a range of a disk before it is read.</summary>
public enum ExtentKind
{
    /// <summary>Must be read.</summary>
    Data = 0,

    /// <summary>Reads as zeros; need not be read.</summary>
    Zero = 1,
}

/// <summary>A half-open range of a disk, in bytes. Lists of extents are ordered and do not overlap.</summary>
/// <param name="OffsetBytes">Where it begins.</param>
/// <param name="LengthBytes">How long it is; more than 0.</param>
/// <param name="Kind">What is known of it.</param>
public readonly record struct Extent(long OffsetBytes, long LengthBytes, ExtentKind Kind)
{
    /// <summary>Where it ends: the first byte after it.</summary>
    public long EndBytes => OffsetBytes + LengthBytes;
}
