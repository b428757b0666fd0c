using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Security.Authentication;
using System.Text;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Server;

/// <summary>What a client and we agreed upon.</summary>
internal sealed record ServerTerms(ServedExport Export, bool IsStructured, IReadOnlyList<(uint Number, string Name)> Contexts);

/// <summary>The newstyle handshake, from greeting to transmission. Bounded in bytes, options and (by the connection) time.</summary>
internal sealed partial class ServerHandshake
{
    /// <summary>Data of an option we read: room for many metadata queries.</summary>
    private const int OptionBytesMax = 64 * 1024;

    /// <summary>Data of an option we are willing to skip.</summary>
    private const int SkippedBytesMax = 1024 * 1024;

    /// <summary>Options of one handshake. A client has use for a dozen.</summary>
    private const int OptionsMax = 256;

    private readonly ServerConnection _connection;
    private readonly NbdServer _server;
    private bool _hasTls;
    private bool _noZeroes;
    private bool _structured;
    private ServedExport? _contextsOf;
    private List<(uint Number, string Name)> _contexts = [];

    public ServerHandshake(ServerConnection connection, Stream stream)
    {
        _connection = connection;
        _server = connection.Server;
        Stream = stream;
        Input = NewInput(stream);
    }

    /// <summary>The stream to go on with.</summary>
    public Stream Stream { get; private set; }

    /// <summary>The reader to go on with.</summary>
    public PipeReader Input { get; private set; }

    private bool NeedsTls => !_hasTls && _server.Options.Tls is { IsRequired: true } && _connection.IsTcp;

    /// <summary>Runs it.</summary>
    /// <returns>What was agreed; null when the client has left.</returns>
    public async Task<ServerTerms?> RunAsync(CancellationToken ct)
    {
        byte[] greeting = new byte[18];
        BinaryPrimitives.WriteUInt64BigEndian(greeting, Magic.Initial);
        BinaryPrimitives.WriteUInt64BigEndian(greeting.AsSpan(8), Magic.Newstyle);
        BinaryPrimitives.WriteUInt16BigEndian(greeting.AsSpan(16), (ushort)(HandshakeFlags.FixedNewstyle | HandshakeFlags.NoZeroes));
        await Stream.WriteAsync(greeting, ct);

        byte[] head = new byte[OptionHeader.Bytes];
        if (!await TryReadAsync(head.AsMemory(0, sizeof(uint)), ct))
        {
            return null;
        }

        uint flags = BinaryPrimitives.ReadUInt32BigEndian(head);
        if ((flags & ~(uint)(HandshakeFlags.FixedNewstyle | HandshakeFlags.NoZeroes)) != 0)
        {
            throw new ClientFaultException("it wants something in the handshake that is not known here");
        }

        _noZeroes = (flags & (uint)HandshakeFlags.NoZeroes) != 0;
        for (int options = 0; options < OptionsMax; options++)
        {
            if (!await TryReadAsync(head, ct))
            {
                return null;
            }

            if (!OptionHeader.TryRead(head, out OptionHeader option))
            {
                throw new ClientFaultException("an option began with a wrong magic number");
            }

            if (await RunOptionAsync(option, ct) is { } outcome)
            {
                return outcome.Terms;
            }
        }

        throw new ClientFaultException("it sent more options than anybody needs");
    }

    /// <returns>Null to go on with the next option.</returns>
    private async Task<Outcome?> RunOptionAsync(OptionHeader option, CancellationToken ct)
    {
        if (option.Length > OptionBytesMax)
        {
            await SkipAsync(option.Length, ct);
            await RefuseAsync(option.Code, OptionReplyType.ErrorTooBig, "The option is longer than 64 KiB.", ct);
            return option.Code == OptionCode.ExportName ? new Outcome(null) : null;
        }

        byte[] data = option.Length == 0 ? [] : new byte[option.Length];
        if (data.Length > 0 && !await TryReadAsync(data, ct))
        {
            return new Outcome(null);
        }

        if (NeedsTls && option.Code is not (OptionCode.StartTls or OptionCode.Abort))
        {
            if (option.Code == OptionCode.ExportName)
            {
                throw new ClientFaultException("it asked for an export without the TLS that is required");
            }

            await RefuseAsync(option.Code, OptionReplyType.ErrorTlsRequired, "This server requires TLS.", ct);
            return null;
        }

        switch (option.Code)
        {
            case OptionCode.ExportName:
                return new Outcome(await EnterByNameAsync(data, ct));
            case OptionCode.Abort:
                await ReplyAsync(option.Code, OptionReplyType.Ack, default, ct);
                return new Outcome(null);
            case OptionCode.List:
                await ListAsync(data, ct);
                return null;
            case OptionCode.StartTls:
                await StartTlsAsync(data, ct);
                return null;
            case OptionCode.Info or OptionCode.Go:
                return await TryInfoAsync(option.Code, data, ct) is { } terms ? new Outcome(terms) : null;
            case OptionCode.StructuredReply when data.Length > 0:
                await RefuseAsync(option.Code, OptionReplyType.ErrorInvalid, "The option has no data.", ct);
                return null;
            case OptionCode.StructuredReply:
                _structured = true;
                await ReplyAsync(option.Code, OptionReplyType.Ack, default, ct);
                return null;
            case OptionCode.ListMetaContext or OptionCode.SetMetaContext:
                await MetaContextAsync(option.Code, data, ct);
                return null;
            default:
                await RefuseAsync(option.Code, OptionReplyType.ErrorUnsupported, "The option is not known here.", ct);
                return null;
        }
    }

    private async Task StartTlsAsync(byte[] data, CancellationToken ct)
    {
        if (data.Length > 0 || _hasTls)
        {
            await RefuseAsync(OptionCode.StartTls, OptionReplyType.ErrorInvalid, _hasTls ? "TLS is in use already." : "The option has no data.", ct);
            return;
        }

        if (_server.Options.Tls is not { } tls)
        {
            await RefuseAsync(OptionCode.StartTls, OptionReplyType.ErrorPolicy, "This server has no TLS.", ct);
            return;
        }

        if (Input.TryRead(out ReadResult early) && early.Buffer.Length > 0)
        {
            // Whoever slips bytes in before encryption begins would have them taken for the client's.
            throw new ClientFaultException("it sent bytes in clear behind its wish for TLS");
        }

        await ReplyAsync(OptionCode.StartTls, OptionReplyType.Ack, default, ct);
        await Input.CompleteAsync();
        try
        {
            (Stream, _connection.Subject) = await ServerTls.UpgradeAsync(Stream, tls, ct);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            NbdServer.Log.TlsFailed(_server.Logger, _connection.Address, e.Message);
            throw new ClientFaultException("TLS could not be agreed");
        }

        // Whatever was agreed in clear does not count.
        Input = NewInput(Stream);
        _hasTls = true;
        _structured = false;
        _contextsOf = null;
        _contexts = [];
    }

    private static PipeReader NewInput(Stream stream) =>
        PipeReader.Create(stream, new StreamPipeReaderOptions(pool: null, bufferSize: 64 * 1024, minimumReadSize: 16 * 1024, leaveOpen: true));

    private async ValueTask<bool> TryReadAsync(Memory<byte> target, CancellationToken ct)
    {
        ReadResult result = await Input.ReadAtLeastAsync(target.Length, ct);
        if (result.Buffer.Length < target.Length)
        {
            Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            return false;
        }

        ReadOnlySequence<byte> bytes = result.Buffer.Slice(0, target.Length);
        bytes.CopyTo(target.Span);
        Input.AdvanceTo(bytes.End);
        return true;
    }

    private async ValueTask SkipAsync(long count, CancellationToken ct)
    {
        if (count > SkippedBytesMax)
        {
            throw new ClientFaultException("it sent an option longer than any can be");
        }

        while (count > 0)
        {
            ReadResult result = await Input.ReadAsync(ct);
            if (result.Buffer.IsEmpty && result.IsCompleted)
            {
                throw new ClientFaultException("it left within an option");
            }

            ReadOnlySequence<byte> skipped = result.Buffer.Slice(0, Math.Min(count, result.Buffer.Length));
            count -= skipped.Length;
            Input.AdvanceTo(skipped.End);
        }
    }

    private async ValueTask ReplyAsync(OptionCode option, OptionReplyType type, ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        byte[] message = new byte[OptionReplyHeader.Bytes + data.Length];
        new OptionReplyHeader(option, type, (uint)data.Length).Write(message);
        data.CopyTo(message.AsMemory(OptionReplyHeader.Bytes));
        await Stream.WriteAsync(message, ct);
    }

    private ValueTask RefuseAsync(OptionCode option, OptionReplyType type, string why, CancellationToken ct) =>
        ReplyAsync(option, type, Encoding.UTF8.GetBytes(why), ct);

    private readonly record struct Outcome(ServerTerms? Terms);
}
