namespace VProtect.Mover.Store;

/// <summary>How much of a store's space backups leave free, so that forget and collection always have room to work (mover/README.md, *Space*).</summary>
public static class SpaceReserve
{
    /// <summary>A reserve is no larger than this, however large the store: 10 GiB.</summary>
    public const long DefaultBytesMax = 10L << 30;

    /// <summary>
    /// Nor smaller than this, where the store allows: 256 MiB, the four packs of 64 MiB that a collector's rewriting has open at once (two being
    /// written, two being made durable).
    /// </summary>
    public const long DefaultBytesMin = 256L << 20;

    /// <summary>The reserve when none was chosen: 5 % of the store within those bounds, and at most an eighth of a small one.</summary>
    /// <param name="totalBytes">All of the store's space.</param>
    public static long DefaultBytes(long totalBytes) =>
        Math.Min(Math.Clamp(totalBytes / 20, DefaultBytesMin, DefaultBytesMax), totalBytes / 8);
}
