using System.Buffers.Binary;
using System.Text;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Client;

internal sealed partial class Handshake
{
    /// <summary>Names and descriptions of the exports; null if the server does not list them.</summary>
    public async Task<List<(string Name, string? Description)>?> TryListAsync(CancellationToken ct)
    {
        var exports = new List<(string, string?)>();
        await SendAsync(OptionCode.List, default, ct);
        while (true)
        {
            (OptionReplyHeader head, byte[] payload) = await ReceiveAsync(OptionCode.List, ct);
            switch (head.Type)
            {
                case OptionReplyType.Ack:
                    return exports;
                case OptionReplyType.Server when exports.Count < WireLimits.OptionRepliesMax:
                    uint nameBytes = payload.Length >= sizeof(uint) ? BinaryPrimitives.ReadUInt32BigEndian(payload) : uint.MaxValue;
                    if (nameBytes > payload.Length - sizeof(uint)
                        || WireText.ReadName(payload.AsSpan(sizeof(uint), (int)nameBytes)) is not { } name)
                    {
                        throw NbdException.Violation("an entry of its export list is malformed");
                    }

                    string description = WireText.ReadForPeople(payload.AsSpan(sizeof(uint) + (int)nameBytes));
                    exports.Add((name, description.Length > 0 ? description : null));
                    break;
                case OptionReplyType.ErrorPolicy or OptionReplyType.ErrorUnsupported:
                    return null;
                default:
                    throw head.IsError ? Refused(head.Type, payload) : NbdException.Violation("its export list is malformed or endless");
            }
        }
    }

    /// <summary>GO or INFO: null if the server knows neither.</summary>
    public async Task<ExportTerms?> TryInfoAsync(OptionCode option, string exportName, CancellationToken ct)
    {
        byte[] name = Encoding.UTF8.GetBytes(exportName);
        byte[] data = new byte[sizeof(uint) + name.Length + (3 * sizeof(ushort))];
        BinaryPrimitives.WriteUInt32BigEndian(data, (uint)name.Length);
        name.CopyTo(data, sizeof(uint));
        Span<byte> requests = data.AsSpan(sizeof(uint) + name.Length);
        BinaryPrimitives.WriteUInt16BigEndian(requests, 2);
        BinaryPrimitives.WriteUInt16BigEndian(requests[2..], (ushort)InfoType.BlockSize);
        BinaryPrimitives.WriteUInt16BigEndian(requests[4..], (ushort)InfoType.Description);
        await SendAsync(option, data, ct);

        var terms = new ExportTerms();
        for (int replies = 0; ; replies++)
        {
            (OptionReplyHeader head, byte[] payload) = await ReceiveAsync(option, ct);
            switch (head.Type)
            {
                case OptionReplyType.Ack:
                    return terms.SizeBytes >= 0
                        ? terms
                        : throw NbdException.Violation("it let us in without saying how large the export is");
                case OptionReplyType.Info when replies < WireLimits.OptionRepliesMax && payload.Length >= sizeof(ushort):
                    terms = Learn(terms, payload);
                    break;
                case OptionReplyType.ErrorUnsupported:
                    return null;
                default:
                    throw head.IsError ? Refused(head.Type, payload) : NbdException.Violation("its information about the export is malformed or endless");
            }
        }
    }

    /// <summary>Selects or lists metadata contexts; null if the server has none at all.</summary>
    public async Task<Dictionary<uint, string>?> MetaContextsAsync(
        OptionCode option, string exportName, IReadOnlyList<string> queries, CancellationToken ct)
    {
        if (!_structured)
        {
            return null;
        }

        using var data = new MemoryStream();
        WriteString(data, exportName);
        WriteNumber(data, (uint)queries.Count);
        foreach (string query in queries)
        {
            WriteString(data, query);
        }

        await SendAsync(option, data.ToArray(), ct);
        var contexts = new Dictionary<uint, string>();
        uint listed = 0; // identifiers mean nothing while listing, and may repeat
        while (true)
        {
            (OptionReplyHeader head, byte[] payload) = await ReceiveAsync(option, ct);
            switch (head.Type)
            {
                case OptionReplyType.Ack:
                    return contexts;
                case OptionReplyType.MetaContext when contexts.Count < WireLimits.OptionRepliesMax && payload.Length > sizeof(uint):
                    bool selecting = option == OptionCode.SetMetaContext;
                    if (WireText.ReadName(payload.AsSpan(sizeof(uint))) is not { } name
                        || (selecting && (!queries.Contains(name) || contexts.ContainsValue(name)))
                        || !contexts.TryAdd(selecting ? BinaryPrimitives.ReadUInt32BigEndian(payload) : listed++, name))
                    {
                        throw NbdException.Violation("it offers a metadata context nobody asked for, or one twice");
                    }

                    break;
                case OptionReplyType.ErrorUnsupported or OptionReplyType.ErrorPolicy:
                    return null;
                default:
                    throw head.IsError ? Refused(head.Type, payload) : NbdException.Violation("its list of metadata contexts is malformed or endless");
            }
        }
    }

    private static ExportTerms Learn(ExportTerms terms, byte[] info)
    {
        ReadOnlySpan<byte> body = info.AsSpan(sizeof(ushort));
        switch ((InfoType)BinaryPrimitives.ReadUInt16BigEndian(info))
        {
            case InfoType.Export when body.Length == 10:
                return terms with
                {
                    SizeBytes = CheckSize(BinaryPrimitives.ReadUInt64BigEndian(body)),
                    Flags = (NbdExportFlags)BinaryPrimitives.ReadUInt16BigEndian(body[8..]),
                };
            case InfoType.BlockSize when body.Length == 12:
                var sizes = new BlockSizes(
                    BinaryPrimitives.ReadUInt32BigEndian(body),
                    BinaryPrimitives.ReadUInt32BigEndian(body[4..]),
                    BinaryPrimitives.ReadUInt32BigEndian(body[8..]));
                return sizes.Fault() is { } fault
                    ? throw NbdException.Violation(fault)
                    : terms with { Sizes = sizes.Capped(), HasSizes = true };
            case InfoType.Description:
                return terms with { Description = WireText.ReadForPeople(body) };
            case InfoType.Export or InfoType.BlockSize:
                throw NbdException.Violation("its information about the export has a wrong length");
            default:
                return terms; // the protocol wants unknown kinds ignored
        }
    }

    private static void WriteString(MemoryStream target, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        WriteNumber(target, (uint)bytes.Length);
        target.Write(bytes);
    }

    private static void WriteNumber(MemoryStream target, uint number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        target.Write(bytes);
    }
}
