using VProtect.Mover.Qemu;

namespace VProtect.Mover.Deliver.BlockTarget;

/// <summary>How a restore target is to be opened. Immutable.</summary>
public sealed record TargetOptions
{
    /// <summary>Size of the disk that will be restored, in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>
    /// Whether to write onto the disk that is there, which then can be read, so that only differences need writing;
    /// default false. The disk is changed in place: when the restore fails it is neither the old nor the new one.
    /// </summary>
    public bool Differential { get; init; }

    /// <summary>Whether a file that exists is replaced, at the very end; default false: then it is an error.</summary>
    public bool Overwrite { get; init; }

    /// <summary>Format of the file; null (default): the ending of its name tells, and without one it is raw.</summary>
    public ImageFormat? Format { get; init; }

    /// <summary>
    /// Whether all space of a new file is taken at once; default false: as its content needs. Not for VMDK, VDI and QED.
    /// </summary>
    public bool Preallocate { get; init; }

    /// <summary>Whether an image that is changed in place may draw on other files; default false. See <see cref="Acquire.BlockSource.SourceOptions.AllowsOtherFiles"/>.</summary>
    public bool AllowsOtherFiles { get; init; }

    /// <summary>Connections to an NBD server at most, 1 to 16; default 4.</summary>
    public int ConnectionsMax { get; init; } = 4;
}
