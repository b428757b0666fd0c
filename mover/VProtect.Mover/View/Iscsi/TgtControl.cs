using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Mover.Posix;

namespace VProtect.Mover.View.Iscsi;

/// <summary>
/// Tells a tgtd what to do, over its management socket. <c>tgtadm</c> would show every secret in its arguments; here none leaves memory.
/// <code>
///  request, 120 bytes: mode u32, operation u32, driver 64 bytes, length u32 (with parameters), target i32, session u64, unit u64,
///                      connection u32, host u32, device type u32, account direction u32, pack u32, force u32; then parameters, ending with a zero byte
///  answer: error u32, length u32 (with these 8 bytes), text
/// </code>
/// <para>Measured of tgt 1.0.85. It listens to nobody but the user it runs as.</para>
/// </summary>
internal sealed class TgtControl(string socketPath, uint userId)
{
    private const int RequestBytes = 120;
    private const int AnswerBytes = 8;

    /// <summary>tgtd's own limit.</summary>
    private const int ParametersBytesMax = 1024;

    private const int TextBytesMax = 1 << 20;

    private enum Mode : uint
    {
        Target = 1,
        Unit = 2,
        Portal = 3,
        Account = 7,
    }

    private enum Operation : uint
    {
        New = 0,
        Show = 2,
        Bind = 3,
        Update = 5,
    }

    /// <summary>Whether it listens already.</summary>
    public bool CanConnect()
    {
        try
        {
            using Socket socket = Connect();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Makes a target that nobody may use yet.</summary>
    public void AddTarget(int target, string name) => Ask(Mode.Target, Operation.New, target, $"targetname={name}");

    /// <summary>Lets initiators in from a network, whatever their name.</summary>
    public void AllowAddress(int target, string network) => Ask(Mode.Target, Operation.Bind, target, $"initiator-address={network}");

    /// <summary>Lets an initiator in by its name, wherever it comes from.</summary>
    public void AllowName(int target, string name) => Ask(Mode.Target, Operation.Bind, target, $"initiator-name={name}");

    /// <summary>Makes an account.</summary>
    public void AddAccount(IscsiAccount account) => Ask(Mode.Account, Operation.New, target: -1, $"user={account.User},password={account.Secret}");

    /// <summary>Asks an account of initiators, or shows it to them.</summary>
    public void BindAccount(int target, string user, bool isShown) => Ask(Mode.Account, Operation.Bind, target, $"user={user}", isOutgoing: isShown);

    /// <summary>Adds a file as a logical unit.</summary>
    public void AddUnit(int target, int unit, string path) => Ask(Mode.Unit, Operation.New, target, $"path={path}", unit);

    /// <summary>Sets what a logical unit says of itself.</summary>
    /// <param name="target">The target.</param>
    /// <param name="unit">The unit.</param>
    /// <param name="parameters">As in <c>scsi_sn=1,readonly=1</c>.</param>
    public void UpdateUnit(int target, int unit, string parameters) => Ask(Mode.Unit, Operation.Update, target, $"targetOps {parameters},", unit);

    /// <summary>Its targets, with who is logged in, in its own words.</summary>
    public string ShowTargets() => Ask(Mode.Target, Operation.Show, target: -1, parameters: null);

    /// <summary>Where it listens, in its own words.</summary>
    public string ShowPortals() => Ask(Mode.Portal, Operation.Show, target: -1, parameters: null);

    private string Ask(Mode mode, Operation operation, int target, string? parameters, int unit = -1, bool isOutgoing = false)
    {
        byte[] text = parameters is null ? [] : [.. Encoding.UTF8.GetBytes(parameters), 0];
        if (text.Length > ParametersBytesMax)
        {
            throw Failed("a name or secret is too long");
        }

        byte[] request = new byte[RequestBytes + text.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(request, (uint)mode);
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(4), (uint)operation);
        "iscsi"u8.CopyTo(request.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(request.AsSpan(72), request.Length);
        BinaryPrimitives.WriteInt32LittleEndian(request.AsSpan(76), target);
        BinaryPrimitives.WriteInt64LittleEndian(request.AsSpan(88), unit);
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(108), isOutgoing ? 1u : 0);
        text.CopyTo(request, RequestBytes);
        try
        {
            using Socket socket = Connect();
            using var stream = new NetworkStream(socket);
            stream.Write(request);
            Span<byte> answer = stackalloc byte[AnswerBytes];
            stream.ReadExactly(answer);
            int error = BinaryPrimitives.ReadInt32LittleEndian(answer);
            int length = BinaryPrimitives.ReadInt32LittleEndian(answer[4..]) - AnswerBytes;
            if (error != 0 || length is < 0 or > TextBytesMax)
            {
                throw Failed($"{mode} {operation} was answered with error {error}");
            }

            byte[] told = new byte[length];
            stream.ReadExactly(told);
            return Encoding.UTF8.GetString(told);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw Failed($"it does not answer: {e.Message}");
        }
        finally
        {
            Array.Clear(request);
            Array.Clear(text);
        }
    }

    /// <summary>Connects as the user that tgtd runs as, since it looks at who connects, but finds the socket by our own rights.</summary>
    private Socket Connect()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 10_000, SendTimeout = 10_000 };
        uint ourUser = Libc.GetEffectiveUserId();
        uint ourGroup = Libc.GetEffectiveGroupId();
        try
        {
            // Of this thread alone, which does nothing else until it is taken back.
            _ = Libc.SetThreadEffectiveGroupId(userId);
            _ = Libc.SetThreadEffectiveUserId(userId);
            Libc.SetThreadFileUserId(ourUser);

            socket.Connect(new UnixDomainSocketEndPoint(socketPath));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        finally
        {
            if (Libc.SetThreadEffectiveUserId(ourUser) != 0 || Libc.SetThreadEffectiveGroupId(ourGroup) != 0)
            {
                Environment.FailFast("A thread could not take its user back.");
            }
        }
    }

    private static VProtectException Failed(string reason) => new(
        ErrorCode.IscsiFailed, ErrorSide.Request, $"The iSCSI target daemon (tgtd) could not be set up: {reason}.", "Mount again; or use NBD, which needs no tgtd.");
}
