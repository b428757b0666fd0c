using System.Buffers.Binary;
using System.Text;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Server;

/// <summary>The options that are about exports.</summary>
internal sealed partial class ServerHandshake
{
    private async Task ListAsync(byte[] data, CancellationToken ct)
    {
        if (data.Length > 0)
        {
            await RefuseAsync(OptionCode.List, OptionReplyType.ErrorInvalid, "The option has no data.", ct);
            return;
        }

        foreach ((string name, ServedExport export) in _server.Exports)
        {
            byte[] nameBytes = Encoding.UTF8.GetBytes(name);
            byte[] reply = [0, 0, 0, 0, .. nameBytes, .. Encoding.UTF8.GetBytes(export.Export.Description ?? "")];
            BinaryPrimitives.WriteInt32BigEndian(reply, nameBytes.Length);
            await ReplyAsync(OptionCode.List, OptionReplyType.Server, reply, ct);
        }

        await ReplyAsync(OptionCode.List, OptionReplyType.Ack, default, ct);
    }

    /// <summary>The old way in, which has no way to refuse but to hang up.</summary>
    private async Task<ServerTerms> EnterByNameAsync(byte[] data, CancellationToken ct)
    {
        ServedExport export = (WireText.ReadName(data) is { } name ? _server.Find(name) : null)
            ?? throw new ClientFaultException("it asked for an export that is not there");
        if (export.Sizes.Minimum > 1)
        {
            throw new ClientFaultException("it has no way to learn the block sizes it would have to keep to");
        }

        byte[] reply = new byte[sizeof(ulong) + sizeof(ushort) + (_noZeroes ? 0 : 124)];
        BinaryPrimitives.WriteInt64BigEndian(reply, export.Export.SizeBytes);
        BinaryPrimitives.WriteUInt16BigEndian(reply.AsSpan(sizeof(ulong)), (ushort)export.FlagsFor(_structured));
        await Stream.WriteAsync(reply, ct);
        return TermsOf(export);
    }

    /// <returns>Null unless the client has entered the export.</returns>
    private async Task<ServerTerms?> TryInfoAsync(OptionCode option, byte[] data, CancellationToken ct)
    {
        if (!TryParseInfo(data, out string name, out HashSet<InfoType> wanted))
        {
            await RefuseAsync(option, OptionReplyType.ErrorInvalid, "The option's data is not an export name and a list.", ct);
            return null;
        }

        if (_server.Find(name) is not { } export)
        {
            await RefuseAsync(option, OptionReplyType.ErrorUnknown, "There is no such export.", ct);
            return null;
        }

        if (option == OptionCode.Go && export.Sizes.Minimum > 1 && !wanted.Contains(InfoType.BlockSize))
        {
            await RefuseAsync(option, OptionReplyType.ErrorBlockSizeRequired, "The export has a minimum block size: ask for the block sizes.", ct);
            return null;
        }

        byte[] info = new byte[12];
        BinaryPrimitives.WriteUInt16BigEndian(info, (ushort)InfoType.Export);
        BinaryPrimitives.WriteInt64BigEndian(info.AsSpan(2), export.Export.SizeBytes);
        BinaryPrimitives.WriteUInt16BigEndian(info.AsSpan(10), (ushort)export.FlagsFor(_structured));
        await ReplyAsync(option, OptionReplyType.Info, info, ct);
        byte[] sizes = new byte[14];
        BinaryPrimitives.WriteUInt16BigEndian(sizes, (ushort)InfoType.BlockSize);
        BinaryPrimitives.WriteUInt32BigEndian(sizes.AsSpan(2), export.Sizes.Minimum);
        BinaryPrimitives.WriteUInt32BigEndian(sizes.AsSpan(6), export.Sizes.Preferred);
        BinaryPrimitives.WriteUInt32BigEndian(sizes.AsSpan(10), export.Sizes.Maximum);
        await ReplyAsync(option, OptionReplyType.Info, sizes, ct);
        if (wanted.Contains(InfoType.Name))
        {
            await ReplyAsync(option, OptionReplyType.Info, Text(InfoType.Name, export.Name), ct);
        }

        if (wanted.Contains(InfoType.Description) && export.Export.Description is { } description)
        {
            await ReplyAsync(option, OptionReplyType.Info, Text(InfoType.Description, description), ct);
        }

        await ReplyAsync(option, OptionReplyType.Ack, default, ct);
        return option == OptionCode.Go ? TermsOf(export) : null;
    }

    private async Task MetaContextAsync(OptionCode option, byte[] data, CancellationToken ct)
    {
        bool isListing = option == OptionCode.ListMetaContext;
        if (!isListing)
        {
            // Whatever comes of it, an earlier choice is void.
            _contextsOf = null;
            _contexts = [];
        }

        if (!_structured || !TryParseQueries(data, out string name, out List<string> queries))
        {
            await RefuseAsync(
                option, OptionReplyType.ErrorInvalid,
                _structured ? "The option's data is not an export name and queries." : "Structured replies must be agreed first.", ct);
            return;
        }

        if (_server.Find(name) is not { } export)
        {
            await RefuseAsync(option, OptionReplyType.ErrorUnknown, "There is no such export.", ct);
            return;
        }

        List<(uint Number, string Name)> chosen = MetaContexts.Choose(export.Contexts, queries, isListing);
        foreach ((uint number, string context) in chosen)
        {
            byte[] reply = [0, 0, 0, 0, .. Encoding.UTF8.GetBytes(context)];
            BinaryPrimitives.WriteUInt32BigEndian(reply, isListing ? 0 : number);
            await ReplyAsync(option, OptionReplyType.MetaContext, reply, ct);
        }

        if (!isListing)
        {
            _contextsOf = export;
            _contexts = chosen;
        }

        await ReplyAsync(option, OptionReplyType.Ack, default, ct);
    }

    /// <summary>Contexts chosen for another export do not count.</summary>
    private ServerTerms TermsOf(ServedExport export) => new(export, _structured, _structured && _contextsOf == export ? _contexts : []);

    private static byte[] Text(InfoType type, string text)
    {
        byte[] reply = [0, 0, .. Encoding.UTF8.GetBytes(text)];
        BinaryPrimitives.WriteUInt16BigEndian(reply, (ushort)type);
        return reply;
    }

    private static bool TryParseInfo(byte[] data, out string name, out HashSet<InfoType> wanted)
    {
        var reader = new OptionData(data);
        name = reader.ReadString();
        wanted = [];
        int count = reader.ReadUInt16();
        for (int i = 0; i < count && reader.IsValid; i++)
        {
            wanted.Add((InfoType)reader.ReadUInt16());
        }

        return reader.IsComplete;
    }

    private static bool TryParseQueries(byte[] data, out string name, out List<string> queries)
    {
        var reader = new OptionData(data);
        name = reader.ReadString();
        queries = [];
        uint count = reader.ReadUInt32();
        for (uint i = 0; i < count && reader.IsValid; i++)
        {
            queries.Add(reader.ReadString());
        }

        return reader.IsComplete;
    }
}
