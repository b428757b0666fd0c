using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Abstractions;
using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm.Native;

namespace VProtect.Connectors.Kvm;

/// <summary>Runs commands in guests by the guest agent's <c>guest-exec</c>: begun by one call, asked after until it has ended.</summary>
internal static class GuestCommands
{
    private const int OutputBytesMax = 64 << 10;
    private const int AgentSeconds = 20;

    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(1);

    /// <exception cref="VProtectException">There is no agent, the program cannot be started, or it did not end in time.</exception>
    internal static async Task<GuestCommandResult> RunAsync(KvmPlatform platform, GuestCommand command, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        bool isWindows = command.Environment.Count > 0 && await IsWindowsAsync(platform, command.MachineUuid, cancellationToken);
        JsonNode begun = await AskAsync(platform, command.MachineUuid, ToRequest(command, isWindows), cancellationToken);
        int pid = begun["pid"]!.GetValue<int>();
        TimeSpan pause = PauseMin;
        while (true)
        {
            JsonNode status = await AskAsync(platform, command.MachineUuid, Request("guest-exec-status", new JsonObject { ["pid"] = pid }), cancellationToken);
            if (status["exited"]!.GetValue<bool>())
            {
                int exitCode = status["exitcode"]?.GetValue<int>() ?? 128 + (status["signal"]?.GetValue<int>() ?? 0);
                return new GuestCommandResult(exitCode, Decode(status["out-data"]), Decode(status["err-data"]));
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

    private static JsonObject ToRequest(GuestCommand command, bool isWindows)
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

        return Request("guest-exec", arguments);
    }

    private static JsonObject Request(string name, JsonObject arguments) => new() { ["execute"] = name, ["arguments"] = arguments };

    private static async Task<bool> IsWindowsAsync(KvmPlatform platform, string machineUuid, CancellationToken cancellationToken)
    {
        try
        {
            JsonNode system = await AskAsync(platform, machineUuid, new JsonObject { ["execute"] = "guest-get-osinfo" }, cancellationToken);
            return system["id"]?.GetValue<string>() == "mswindows";
        }
        catch (VProtectException)
        {
            // An agent too old to tell; if there is none at all, the command itself says so.
            return false;
        }
    }

    private static async Task<JsonNode> AskAsync(KvmPlatform platform, string machineUuid, JsonObject request, CancellationToken cancellationToken)
    {
        try
        {
            string answer = await platform.Session.ChangeAsync("Running a command in the guest", api =>
            {
                using DomainHandle domain = api.TryLookupDomain(machineUuid) ?? throw Errors.NoMachine(machineUuid);
                return LibvirtApi.AgentCommand(domain, request.ToJsonString(), AgentSeconds);
            }, cancellationToken);
            return JsonNode.Parse(answer)!["return"]!;
        }
        catch (VProtectException exception) when (exception.InnerException is LibvirtException inner && inner.Number != VirErr.NoDomain)
        {
            throw Errors.Of(
                ErrorCode.PlatformFailed,
                $"The guest agent did not run the command: {inner.Message}.",
                "Install and start qemu-guest-agent in the guest, allow guest-exec in its configuration, and check the program's path.",
                RetryAdvice.Later,
                exception);
        }
        catch (JsonException exception)
        {
            throw Errors.Of(ErrorCode.PlatformFailed, "The guest agent's answer is not understood.", "Update qemu-guest-agent in the guest.", inner: exception);
        }
    }

    private static string Decode(JsonNode? data)
    {
        byte[] bytes = Convert.FromBase64String(data?.GetValue<string>() ?? "");
        return Encoding.UTF8.GetString(bytes.AsSpan(0, Math.Min(bytes.Length, OutputBytesMax)));
    }
}
