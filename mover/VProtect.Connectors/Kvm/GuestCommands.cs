using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Abstractions;
using VProtect.Connectors.Contract;

namespace VProtect.Connectors.Kvm;

/// <summary>Runs commands in guests by the guest agent's <c>guest-exec</c>: begun by one call, asked after until it has ended.</summary>
internal static class GuestCommands
{
    private const int OutputBytesMax = 64 << 10;

    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(1);

    /// <exception cref="VProtectException">There is no agent, the program cannot be started, or it did not end in time.</exception>
    internal static async Task<GuestCommandResult> RunAsync(KvmPlatform platform, GuestCommand command, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        bool isWindows = command.Environment.Count > 0 && await IsWindowsAsync(platform, command.MachineUuid, cancellationToken);
        int pid = await GuestAgent.AskAsync(
            platform, command.MachineUuid, "guest-exec", ToArguments(command, isWindows), answer => answer.GetProperty("pid").GetInt32(), cancellationToken);
        TimeSpan pause = PauseMin;
        while (true)
        {
            GuestCommandResult? result = await GuestAgent.AskAsync(
                platform, command.MachineUuid, "guest-exec-status", new JsonObject { ["pid"] = pid }, ResultOf, cancellationToken);
            if (result is not null)
            {
                return result;
            }

            if (Stopwatch.GetElapsedTime(started) > command.Timeout)
            {
                throw Errors.Of(
                    ErrorCode.PlatformFailed,
                    $"'{command.Arguments[0]}' in the guest did not end within {command.Timeout.TotalSeconds:0} s and is left to itself.",
                    "Give it more time, or look in the guest for what it waits for.");
            }

            await Task.Delay(pause, cancellationToken);
            pause = pause * 2 < PauseMax ? pause * 2 : PauseMax;
        }
    }

    private static JsonObject ToArguments(GuestCommand command, bool isWindows)
    {
        string[] variables = [.. command.Environment.Select(pair => $"{pair.Key}={pair.Value}")];
        // The agent's own list of variables replaces the guest's environment; 'env' adds to it.
        string[] words = variables.Length == 0 || isWindows ? [.. command.Arguments] : ["/usr/bin/env", .. variables, .. command.Arguments];
        var arguments = new JsonObject
        {
            ["path"] = words[0],
            ["arg"] = new JsonArray([.. words.Skip(1).Select(word => (JsonNode)word)]),
            ["capture-output"] = true,
        };
        if (isWindows)
        {
            arguments["env"] = new JsonArray([.. variables.Select(variable => (JsonNode)variable)]);
        }

        if (!command.Input.IsEmpty)
        {
            arguments["input-data"] = Convert.ToBase64String(command.Input.Span);
        }

        return arguments;
    }

    private static GuestCommandResult? ResultOf(JsonElement status) => !status.GetProperty("exited").GetBoolean() ? null : new GuestCommandResult(
        status.TryGetProperty("exitcode", out JsonElement code) ? code.GetInt32() : 128 + (status.TryGetProperty("signal", out JsonElement signal) ? signal.GetInt32() : 0),
        Decode(status, "out-data"),
        Decode(status, "err-data"));

    internal static async Task<bool> IsWindowsAsync(KvmPlatform platform, string machineUuid, CancellationToken cancellationToken)
    {
        try
        {
            return await GuestAgent.AskAsync(
                platform, machineUuid, "guest-get-osinfo", arguments: null,
                answer => answer.TryGetProperty("id", out JsonElement id) && id.GetString() == "mswindows", cancellationToken);
        }
        catch (VProtectException)
        {
            // An agent too old to tell; if there is none at all, the command itself says so.
            return false;
        }
    }

    private static string Decode(JsonElement status, string member)
    {
        byte[] bytes = status.TryGetProperty(member, out JsonElement data) ? data.GetBytesFromBase64() : [];
        return Encoding.UTF8.GetString(bytes.AsSpan(0, Math.Min(bytes.Length, OutputBytesMax)));
    }
}
