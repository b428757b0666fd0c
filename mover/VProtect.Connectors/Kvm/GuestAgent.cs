using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Abstractions;
using VProtect.Connectors.Kvm.Native;

namespace VProtect.Connectors.Kvm;

/// <summary>
/// Requests to the guest agent of a machine. Whoever rules the guest rules its answers: libvirt takes 10 MiB of one at most and waits for it for
/// <see cref="AnswerSeconds"/>; what is not as it should be is a failure.
/// </summary>
internal static class GuestAgent
{
    private const int AnswerSeconds = 20;

    /// <summary>Base64 holds '+', which the usual encoder writes as six characters.</summary>
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Asks.</summary>
    /// <param name="platform">Where the machine runs.</param>
    /// <param name="machineUuid">The machine.</param>
    /// <param name="command">What the agent calls it: <c>guest-exec</c> …</param>
    /// <param name="arguments">Its arguments; null for none.</param>
    /// <param name="read">Takes from the answer what is wanted.</param>
    /// <param name="cancellationToken">Gives up before it is asked; then its answer is waited for.</param>
    /// <exception cref="VProtectException">There is no agent, it refuses, or its answer is not understood.</exception>
    internal static async Task<T> AskAsync<T>(
        KvmPlatform platform, string machineUuid, string command, JsonObject? arguments, Func<JsonElement, T> read, CancellationToken cancellationToken)
    {
        var request = new JsonObject { ["execute"] = command };
        if (arguments is not null)
        {
            request["arguments"] = arguments;
        }

        string line = request.ToJsonString(Plain);
        try
        {
            string answer = await platform.Session.ChangeAsync($"Asking the guest agent for {command}", api =>
            {
                using DomainHandle domain = api.TryLookupDomain(machineUuid) ?? throw Errors.NoMachine(machineUuid);
                return LibvirtApi.AgentCommand(domain, line, AnswerSeconds);
            }, cancellationToken);
            using var document = JsonDocument.Parse(answer);
            return read(document.RootElement.GetProperty("return"));
        }
        catch (VProtectException exception) when (exception.InnerException is LibvirtException inner && inner.Number != VirErr.NoDomain)
        {
            throw Refusal(command, inner.Message, exception);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw Errors.Of(
                ErrorCode.PlatformFailed, $"The guest agent's answer to {command} is not understood.", "Update qemu-guest-agent in the guest.", inner: exception);
        }
    }

    /// <summary>What a refusal means: qemu-ga has words for commands that are switched off, and for those that it does not know.</summary>
    internal static VProtectException Refusal(string command, string message, Exception? inner)
    {
        if (message.Contains("has been disabled", StringComparison.Ordinal) || message.Contains("is disabled", StringComparison.Ordinal) || message.Contains("has not been found", StringComparison.Ordinal))
        {
            return NotAllowed([command], inner);
        }

        return Errors.Of(
            ErrorCode.PlatformFailed,
            $"The guest agent did not do {command}: {(message.Length > 500 ? message[..500] : message).TrimEnd('.')}.",
            "Install and start qemu-guest-agent in the guest, allow the command in its configuration, and check the paths.",
            RetryAdvice.Later,
            inner);
    }

    /// <summary>What an administrator has to allow.</summary>
    internal static VProtectException NotAllowed(IReadOnlyList<string> commands, Exception? inner = null) => Errors.Of(
        ErrorCode.NotSupported,
        $"The guest agent of the machine does not allow {string.Join(", ", commands)}.",
        "In the guest, take it out of BLACKLIST_RPC in /etc/sysconfig/qemu-ga or of block-rpcs in /etc/qemu/qemu-ga.conf, or add it to allow-rpcs (FILTER_RPC_ARGS, --allow-rpcs) where there is such a list; then restart qemu-guest-agent. An agent older than 2.5 knows no guest-exec.",
        inner: inner);
}
