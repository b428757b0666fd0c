using VProtect.Abstractions;
using VProtect.Mover.Qemu;

namespace VProtect.Mover.Acquire.BlockSource;

/// <summary>How a source is to be opened. Immutable.</summary>
public sealed record SourceOptions
{
    /// <summary>
    /// Name of the QEMU dirty bitmap that began at the instant of the parent restore point; null (default): none.
    /// Only for NBD exports.
    /// </summary>
    public string? Bitmap { get; init; }

    /// <summary>
    /// Name of the dirty bitmap that begins at the instant of this backup: kept with the restore point, so that only this
    /// bitmap is taken for changes since then; null (default): not told, and whichever is named next time is held against the disk.
    /// </summary>
    public string? NextBitmap { get; init; }

    /// <summary>
    /// What the file is; null (default): told by its content. A guest decides what its raw disk begins with, so name
    /// the format where the guest may be hostile.
    /// </summary>
    public ImageFormat? Format { get; init; }

    /// <summary>
    /// Whether the image may draw on other files (backing file, data file, extents); default false, because whoever
    /// wrote the image then chooses which files of this machine are read.
    /// </summary>
    public bool AllowsOtherFiles { get; init; }

    /// <summary>Connections to an NBD server at most, 1 to 16; default 4.</summary>
    public int ConnectionsMax { get; init; } = 4;

    /// <summary>In place of a bitmap: what a platform says may have changed; null (default): it says nothing.</summary>
    internal IReadOnlyList<Extent>? Changed { get; init; }

    /// <summary>What is asked of a connector's tokens in place of the bitmaps' names; null (default) where an administrator names bitmaps.</summary>
    internal PlatformTokens? Tokens { get; init; }
}

/// <summary>Tokens of the platform's connector, opaque to us.</summary>
/// <param name="Since">The token of the restore point since which the bitmap records changes; null when that is not known.</param>
/// <param name="Next">What is kept with this restore point.</param>
internal sealed record PlatformTokens(string? Since, string? Next);
