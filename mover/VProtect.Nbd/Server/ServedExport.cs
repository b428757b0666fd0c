using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Server;

/// <summary>An export under its name, with what was checked of it once.</summary>
internal sealed class ServedExport
{
    /// <summary>Flags of ours, and flags for what we do not do: an export's size never changes.</summary>
    private const NbdExportFlags NotTheExports = NbdExportFlags.SendDontFragment | NbdExportFlags.SendResize | NbdExportFlags.BlockStatusPayload;

    public ServedExport(string name, INbdExport export)
    {
        Name = name;
        Export = export;
        Sizes = new BlockSizes(export.MinimumBlockBytes, export.PreferredBlockBytes, export.MaximumPayloadBytes);
        if (Sizes.Fault() is { } fault || Sizes.Maximum > WireLimits.PayloadBytesMax || export.SizeBytes < 1 || export.SizeBytes % Sizes.Minimum != 0)
        {
            throw NbdException.Invalid($"The export '{name}' cannot be served: its size {export.SizeBytes} or its block sizes make no sense.");
        }

        Flags = (export.Flags & ~NotTheExports) | NbdExportFlags.HasFlags;
        Contexts = export.MetaContexts;
        KnowsAllocation = Contexts.Contains(NbdMetaContext.BaseAllocation);
    }

    public string Name { get; }

    public INbdExport Export { get; }

    public BlockSizes Sizes { get; }

    public NbdExportFlags Flags { get; }

    public IReadOnlyList<string> Contexts { get; }

    public bool KnowsAllocation { get; }

    /// <summary>The flags a client is told.</summary>
    public NbdExportFlags FlagsFor(bool structured) => structured ? Flags | NbdExportFlags.SendDontFragment : Flags;
}
