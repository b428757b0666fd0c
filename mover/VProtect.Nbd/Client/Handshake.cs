using System.Buffers.Binary;
using System.Text;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Client;

/// <summary>The option phase of one connection.
/// <code>
/// greeting ─ flags ─ [STARTTLS ─ TLS] ─ EXTENDED_HEADERS | STRUCTURED_REPLY ─ [SET_META_CONTEXT] ─ GO ─ transmission
///                                                                                LIST, INFO, LIST_META_CONTEXT ─ ABORT
/// </code></summary>
internal sealed partial class Handshake(WireReader reader, NbdUri uri, NbdConnectOptions options)
{
    private HandshakeFlags _greeting;
    private bool _structured;
    private bool _extended;

    /// <summary>From the first byte to where options about exports can be sent.</summary>
    public async Task OpenAsync(CancellationToken ct)
    {
        byte[] greeting = await ReadAsync(18, ct);
        ulong style = BinaryPrimitives.ReadUInt64BigEndian(greeting.AsSpan(8));
        if (BinaryPrimitives.ReadUInt64BigEndian(greeting) != Magic.Initial)
        {
            throw NbdException.Violation("its greeting is not that of an NBD server");
        }

        if (style == Magic.Oldstyle)
        {
            throw NbdException.Unsupported("The NBD server speaks the abandoned oldstyle handshake. Update the server program.");
        }

        if (style != Magic.Newstyle)
        {
            throw NbdException.Violation("its greeting is not that of an NBD server");
        }

        _greeting = (HandshakeFlags)BinaryPrimitives.ReadUInt16BigEndian(greeting.AsSpan(16)) & (HandshakeFlags.FixedNewstyle | HandshakeFlags.NoZeroes);
        byte[] flags = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(flags, (uint)_greeting);
        await reader.Stream.WriteAsync(flags, ct);
        if (!_greeting.HasFlag(HandshakeFlags.FixedNewstyle))
        {
            // Such a server understands nothing but EXPORT_NAME.
            if (uri.UseTls)
            {
                throw NoTls("its handshake is too old for TLS");
            }

            return;
        }

        if (uri.UseTls)
        {
            await StartTlsAsync(ct);
        }

        if (options.RequestStructuredReplies)
        {
            _extended = options.RequestExtendedHeaders && await TryOptionAsync(OptionCode.ExtendedHeaders, ct);
            _structured = _extended || await TryOptionAsync(OptionCode.StructuredReply, ct);
        }
    }

    /// <summary>Enters transmission.</summary>
    public async Task<ExportTerms> GoAsync(CancellationToken ct)
    {
        IReadOnlyDictionary<uint, string> contexts = new Dictionary<uint, string>();
        if (_structured && options.MetaContexts.Count > 0)
        {
            contexts = await MetaContextsAsync(OptionCode.SetMetaContext, uri.ExportName, options.MetaContexts, ct) ?? contexts;
        }

        ExportTerms terms = (_greeting.HasFlag(HandshakeFlags.FixedNewstyle) ? await TryInfoAsync(OptionCode.Go, uri.ExportName, ct) : null)
            ?? await ExportNameAsync(ct);
        return terms with { IsStructured = _structured, IsExtended = _extended, Contexts = contexts };
    }

    /// <summary>Leaves without entering transmission.</summary>
    public async Task AbortAsync(CancellationToken ct)
    {
        try
        {
            // The server may acknowledge or hang up; both are fine.
            await SendAsync(OptionCode.Abort, default, ct);
            await reader.FillAsync(OptionReplyHeader.Bytes, ct);
        }
        catch (IOException)
        {
        }
    }

    private async Task StartTlsAsync(CancellationToken ct)
    {
        await SendAsync(OptionCode.StartTls, default, ct);
        (OptionReplyHeader head, byte[] payload) = await ReceiveAsync(OptionCode.StartTls, ct);
        if (head.Type != OptionReplyType.Ack)
        {
            throw head.IsError
                ? NoTls("it refuses TLS" + Said(payload))
                : NbdException.Violation("it answered STARTTLS with something other than yes or no");
        }

        if (payload.Length > 0 || !reader.Buffered.IsEmpty)
        {
            // Whoever slips bytes in before encryption begins would have them taken for the server's.
            throw new NbdException(NbdErrorKind.TlsFailed, "Bytes arrived in clear after TLS was agreed; somebody may be "
                + "tampering with the connection. Check the network path to the NBD server.");
        }

        await TlsUpgrade.UpgradeAsync(reader.Stream, uri, options.Tls, ct);
    }

    /// <summary>Only for servers without GO: it has no way to refuse but to hang up.</summary>
    private async Task<ExportTerms> ExportNameAsync(CancellationToken ct)
    {
        await SendAsync(OptionCode.ExportName, Encoding.UTF8.GetBytes(uri.ExportName), ct);
        int padding = _greeting.HasFlag(HandshakeFlags.NoZeroes) ? 0 : 124;
        if (!await reader.FillAsync(10 + padding, ct))
        {
            throw new NbdException(NbdErrorKind.ExportNotFound, $"The NBD server hung up when asked for the export '{uri.ExportName}'; "
                + "most likely it has none of that name. List the server's exports and correct the address.");
        }

        ulong size = BinaryPrimitives.ReadUInt64BigEndian(reader.Buffered);
        ushort flags = BinaryPrimitives.ReadUInt16BigEndian(reader.Buffered[8..]);
        reader.Advance(10 + padding);
        return new ExportTerms { SizeBytes = CheckSize(size), Flags = (NbdExportFlags)flags };
    }

    private async Task<bool> TryOptionAsync(OptionCode option, CancellationToken ct)
    {
        await SendAsync(option, default, ct);
        (OptionReplyHeader head, byte[] payload) = await ReceiveAsync(option, ct);
        if (head.Type == OptionReplyType.Ack)
        {
            return true;
        }

        return head.Type == OptionReplyType.ErrorTlsRequired ? throw Refused(head.Type, payload)
            : head.IsError ? false
            : throw NbdException.Violation("it answered an option with something other than yes or no");
    }

    private static long CheckSize(ulong size) => size <= long.MaxValue
        ? (long)size
        : throw NbdException.Violation("it says the export has a negative size");

    private async Task SendAsync(OptionCode option, ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        byte[] message = new byte[OptionHeader.Bytes + data.Length];
        new OptionHeader(option, (uint)data.Length).Write(message);
        data.CopyTo(message.AsMemory(OptionHeader.Bytes));
        await reader.Stream.WriteAsync(message, ct);
    }

    private async Task<(OptionReplyHeader Head, byte[] Payload)> ReceiveAsync(OptionCode option, CancellationToken ct)
    {
        if (!OptionReplyHeader.TryRead(await ReadAsync(OptionReplyHeader.Bytes, ct), out OptionReplyHeader head))
        {
            throw NbdException.Violation("a reply to an option began with a wrong magic number");
        }

        if (head.Code != option)
        {
            throw NbdException.Violation("it answered another option than it was asked");
        }

        if (head.Length > WireLimits.OptionReplyBytesMax)
        {
            throw NbdException.Violation("a reply to an option is longer than any can be");
        }

        return (head, head.Length == 0 ? [] : await ReadAsync((int)head.Length, ct));
    }

    private async Task<byte[]> ReadAsync(int count, CancellationToken ct)
    {
        byte[] bytes = new byte[count];
        for (int at = 0; at < count;)
        {
            if (!await reader.FillAsync(1, ct))
            {
                throw new NbdException(NbdErrorKind.HandshakeFailed, "The NBD server hung up during the handshake. Check its log: it may "
                    + "require TLS, be out of connections, or not be an NBD server.");
            }

            int moved = Math.Min(count - at, reader.Buffered.Length);
            reader.Buffered[..moved].CopyTo(bytes.AsSpan(at));
            reader.Advance(moved);
            at += moved;
        }

        return bytes;
    }

    private static NbdException NoTls(string why) => new(
        NbdErrorKind.TlsFailed,
        $"The address asks for TLS but the NBD server will not: {why}. Set up TLS at the server, or use nbd: instead of nbds: "
        + "if the network in between is trusted.");

    private NbdException Refused(OptionReplyType type, byte[] payload) => type switch
    {
        OptionReplyType.ErrorUnknown => new NbdException(
            NbdErrorKind.ExportNotFound,
            $"The NBD server has no export '{uri.ExportName}'. List the server's exports and correct the address.{Said(payload)}"),
        OptionReplyType.ErrorTlsRequired => new NbdException(
            NbdErrorKind.TlsFailed,
            "The NBD server requires TLS. Use nbds: instead of nbd: in the address, with tls-certificates if it has a private authority."),
        OptionReplyType.ErrorShutdown => new NbdException(
            NbdErrorKind.Disconnected,
            "The NBD server is shutting down. Connect again when it is back."),
        _ => new NbdException(
            NbdErrorKind.HandshakeFailed,
            $"The NBD server refused the connection (reply {(uint)type & 0x7fffffff}). Check its log and its access rules.{Said(payload)}"),
    };

    private static string Said(byte[] payload)
    {
        string text = WireText.ReadForPeople(payload);
        return text.Length > 0 ? $" It said: {text}" : "";
    }
}
