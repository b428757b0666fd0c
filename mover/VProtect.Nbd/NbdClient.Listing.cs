using VProtect.Nbd.Client;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd;

public sealed partial class NbdClient
{
    /// <summary>What a server exports, in its order, with what it tells about each. The URI's export name is ignored.</summary>
    /// <exception cref="NbdException"><see cref="NbdErrorKind.Unsupported"/> if the server keeps its exports to itself;
    /// otherwise as <see cref="ConnectAsync"/>.</exception>
    public static Task<IReadOnlyList<NbdExportInfo>> ListExportsAsync(NbdUri uri, NbdConnectOptions options, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(uri);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return Connector.WithHandshakeAsync(uri, options, (_, handshake, token) => ListAsync(handshake, token), ct);
    }

    private static async Task<IReadOnlyList<NbdExportInfo>> ListAsync(Handshake handshake, CancellationToken ct)
    {
        if (await handshake.TryListAsync(ct) is not { } names)
        {
            throw NbdException.Unsupported("The NBD server does not list its exports. Give the name of the export in the address.");
        }

        var exports = new List<NbdExportInfo>(names.Count);
        foreach ((string name, string? description) in names)
        {
            var export = new NbdExportInfo { Name = name, Description = description };
            try
            {
                if (await handshake.TryInfoAsync(OptionCode.Info, name, ct) is { } terms)
                {
                    Dictionary<uint, string>? contexts = await handshake.MetaContextsAsync(OptionCode.ListMetaContext, name, [], ct);
                    export = export with
                    {
                        Description = description ?? terms.Description,
                        SizeBytes = terms.SizeBytes,
                        Flags = terms.Flags,
                        MinimumBlockBytes = terms.HasSizes ? terms.Sizes.Minimum : null,
                        PreferredBlockBytes = terms.HasSizes ? terms.Sizes.Preferred : null,
                        MaximumPayloadBytes = terms.HasSizes ? terms.Sizes.Maximum : null,
                        MetaContexts = contexts is null ? [] : [.. contexts.Values],
                    };
                }
            }
            catch (NbdException e) when (e.Kind is NbdErrorKind.ExportNotFound or NbdErrorKind.HandshakeFailed or NbdErrorKind.TlsFailed)
            {
                // Listed but not for us, or gone since: the name is all there is to tell.
            }

            exports.Add(export);
        }

        await handshake.AbortAsync(ct);
        return exports;
    }
}
