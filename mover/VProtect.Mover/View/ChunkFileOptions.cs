namespace VProtect.Mover.View;

/// <summary>The local file behind a <see cref="ViewCache"/>.</summary>
public sealed record ChunkFileOptions
{
    /// <summary>Where it lies; made when missing. On a local disk.</summary>
    public required string Directory { get; init; }

    /// <summary>Bytes of it, at most. Default 4 GiB. It is begun with no more than a sixteenth of the space that is free, and given up when it has come to be over a tenth.</summary>
    public long BytesMax { get; init; } = 4L << 30;

    /// <summary>Whether it also holds what is read from shares (NFS, CIFS). Default no: object storage alone.</summary>
    public bool HoldsShares { get; init; }
}
