namespace VProtect.Nbd;

/// <summary>One export as a server lists it. What the server would not tell is null.</summary>
public sealed record NbdExportInfo
{
    /// <summary>The name to connect to; may be empty, the default export.</summary>
    public required string Name { get; init; }

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }

    /// <summary>Size in bytes.</summary>
    public long? SizeBytes { get; init; }

    /// <summary>What it can do.</summary>
    public NbdExportFlags? Flags { get; init; }

    /// <summary>Every request must be a multiple of this many bytes; a power of two.</summary>
    public uint? MinimumBlockBytes { get; init; }

    /// <summary>Requests of multiples of this many bytes are efficient.</summary>
    public uint? PreferredBlockBytes { get; init; }

    /// <summary>No read or write may be longer than this many bytes.</summary>
    public uint? MaximumPayloadBytes { get; init; }

    /// <summary>Metadata contexts offered, e.g. <c>base:allocation</c>; empty when the server has none.</summary>
    public IReadOnlyList<string> MetaContexts { get; init; } = [];
}
