using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Client;

/// <summary>What a handshake agreed on.</summary>
internal sealed record ExportTerms
{
    public long SizeBytes { get; init; } = -1;

    public NbdExportFlags Flags { get; init; }

    public BlockSizes Sizes { get; init; } = BlockSizes.Default;

    /// <summary>Whether the server named block sizes, or they are the protocol's defaults.</summary>
    public bool HasSizes { get; init; }

    public string? Description { get; init; }

    public bool IsStructured { get; init; }

    public bool IsExtended { get; init; }

    /// <summary>Negotiated metadata contexts by the server's numbers for them.</summary>
    public IReadOnlyDictionary<uint, string> Contexts { get; init; } = new Dictionary<uint, string>();
}
