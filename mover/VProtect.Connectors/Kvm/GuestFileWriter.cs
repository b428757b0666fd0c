using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Abstractions;
using VProtect.Connectors.Contract;

namespace VProtect.Connectors.Kvm;

/// <summary>A file that is written through the guest agent: <c>guest-file-open</c>, <c>-write</c>, <c>-flush</c>, <c>-close</c>.</summary>
internal sealed class GuestFileWriter : IGuestFileWriter
{
    /// <summary>
    /// Bytes in one request, a third more as base64. Each request is a round trip, so that small ones are slow; but one of 512 KiB the agent called no JSON
    /// (perhaps since it does not fit whole into the buffer of the guest's socket, 208 KiB by default). This one does with room to spare.
    /// </summary>
    private const int ChunkBytes = 64 << 10;

    private static readonly string[] Needed =
        ["guest-exec", "guest-exec-status", "guest-file-open", "guest-file-write", "guest-file-flush", "guest-file-close"];

    private readonly KvmPlatform _platform;
    private readonly string _machineUuid;
    private readonly long _handle;
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
    private int _gathered;

    private GuestFileWriter(KvmPlatform platform, string machineUuid, long handle) => (_platform, _machineUuid, _handle) = (platform, machineUuid, handle);

    /// <summary>Looks whether the guest can be written to.</summary>
    /// <exception cref="VProtectException">There is no agent, it does not allow what is needed, or the guest is a Windows.</exception>
    internal static async Task CheckAsync(KvmPlatform platform, string machineUuid, CancellationToken cancellationToken)
    {
        List<string> missing = await GuestAgent.AskAsync(
            platform, machineUuid, "guest-info", arguments: null,
            answer => Needed.Except(answer.GetProperty("supported_commands").EnumerateArray()
                .Where(command => command.GetProperty("enabled").GetBoolean()).Select(command => command.GetProperty("name").GetString()!)).ToList(),
            cancellationToken);
        if (missing.Count > 0)
        {
            throw GuestAgent.NotAllowed(missing);
        }

        if (await GuestCommands.IsWindowsAsync(platform, machineUuid, cancellationToken))
        {
            throw Errors.Of(
                ErrorCode.NotSupported, "Files cannot be restored into a running Windows guest.", "Download them, or mount the backup over iSCSI in the guest and copy them.");
        }
    }

    /// <summary>Opens a new file.</summary>
    internal static async Task<GuestFileWriter> OpenAsync(KvmPlatform platform, string machineUuid, string path, CancellationToken cancellationToken) => new(
        platform, machineUuid, await GuestAgent.AskAsync(
            platform, machineUuid, "guest-file-open", new JsonObject { ["path"] = path, ["mode"] = "w" }, answer => answer.GetInt64(), cancellationToken));

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            int taken = Math.Min(bytes.Length, ChunkBytes - _gathered);
            bytes[..taken].CopyTo(_buffer.AsMemory(_gathered));
            _gathered += taken;
            bytes = bytes[taken..];
            if (_gathered == ChunkBytes)
            {
                await SendAsync(cancellationToken);
            }
        }
    }

    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await SendAsync(cancellationToken);
        await AskAsync("guest-file-flush", [], _ => true, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        try
        {
            await AskAsync("guest-file-close", [], _ => true, CancellationToken.None);
        }
        catch (VProtectException)
        {
            // What was written is checked after; an agent that is gone has closed it.
        }
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        for (int sent = 0; sent < _gathered;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int left = _gathered - sent;
            int written = await AskAsync(
                "guest-file-write", new JsonObject { ["buf-b64"] = Convert.ToBase64String(_buffer, sent, left) }, answer => answer.GetProperty("count").GetInt32(), cancellationToken);
            sent += written > 0 && written <= left
                ? written
                : throw Errors.Of(ErrorCode.PlatformFailed, "The guest agent says that it wrote nothing, or more than there was.", "Update qemu-guest-agent in the guest.");
        }

        _gathered = 0;
    }

    private Task<T> AskAsync<T>(string command, JsonObject arguments, Func<JsonElement, T> read, CancellationToken cancellationToken)
    {
        arguments["handle"] = _handle;
        return GuestAgent.AskAsync(_platform, _machineUuid, command, arguments, read, cancellationToken);
    }
}
