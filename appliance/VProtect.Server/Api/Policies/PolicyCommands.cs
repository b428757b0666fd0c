using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Sql;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Policies;

/// <summary>Whether the file systems of a policy's machines are frozen for the instant of a snapshot. Stored: names only grow.</summary>
internal enum PolicyQuiesce
{
    /// <summary>As each machine's own setting says.</summary>
    Machine,

    /// <summary>Frozen; when that fails, not, with a warning.</summary>
    Try,

    /// <summary>Frozen, or the backup fails.</summary>
    Require,
}

/// <summary>A command around the snapshot: an argument vector, never a shell line. A machine's own command stands before its policy's.</summary>
/// <param name="Arguments">Program and arguments; an empty list removes the command.</param>
/// <param name="InGuest">Whether it runs in the machine, by its agent or over SSH, or on the node; on the node when a request does not say.</param>
/// <param name="Timeout">After this it is given up, milliseconds; 5 minutes when a request does not say.</param>
/// <param name="IgnoredExitCodes">Codes that are no failure besides 0.</param>
/// <param name="StandardError">What text on standard error means.</param>
internal sealed record PolicyCommandView(
    IReadOnlyList<string>? Arguments, bool? InGuest, long? Timeout, IReadOnlyList<int>? IgnoredExitCodes, CommandErrorHandling? StandardError);

/// <summary>Freezing and commands in a policy's stored settings; the task engine reads the same members.</summary>
internal static class PolicyCommands
{
    private const string QuiesceMember = "quiesce";
    private const string BeforeMember = "preSnapshotCommand";
    private const string AfterMember = "postSnapshotCommand";
    private const int ArgumentsMax = 100;
    private const int ArgumentMax = 4096;
    private const long TimeoutDefault = 300_000;
    private const long TimeoutMax = 86_400_000;

    /// <summary>Puts what a request says into the settings; what it leaves out stays.</summary>
    /// <exception cref="InvalidFieldException">A command cannot be run as it is.</exception>
    public static void Apply(JsonObject settings, PolicyRequest request)
    {
        if (request.Quiesce is { } quiesce)
        {
            settings[QuiesceMember] = ApiName.Of(quiesce);
        }

        Apply(settings, BeforeMember, request.PreSnapshotCommand);
        Apply(settings, AfterMember, request.PostSnapshotCommand);
    }

    /// <summary>What the settings say.</summary>
    public static (PolicyQuiesce Quiesce, PolicyCommandView? Before, PolicyCommandView? After) Of(string settings)
    {
        JsonObject document = JsonNode.Parse(settings) as JsonObject ?? throw new JsonException("Settings are an object.");
        return (Member<PolicyQuiesce>(document[QuiesceMember]), Command(document[BeforeMember]), Command(document[AfterMember]));
    }

    private static void Apply(JsonObject settings, string member, PolicyCommandView? command)
    {
        if (command is null)
        {
            return;
        }

        IReadOnlyList<string> arguments = command.Arguments ?? [];
        if (arguments.Count == 0)
        {
            settings.Remove(member);
            return;
        }

        if (arguments.Count > ArgumentsMax || arguments[0].Length == 0 || arguments.Any(argument => argument.Length > ArgumentMax || argument.Contains('\0')))
        {
            throw new InvalidFieldException(
                $"{member}.arguments", "They are too many or too long, or name no program.",
                $"Send a program and at most {ArgumentsMax - 1} arguments of at most {ArgumentMax} characters.");
        }

        if (command.Timeout is < 1000 or > TimeoutMax)
        {
            throw new InvalidFieldException($"{member}.timeout", "It is out of bounds.", $"Send 1000 to {TimeoutMax} ms.");
        }

        settings[member] = new JsonObject
        {
            ["arguments"] = JsonSerializer.SerializeToNode(arguments),
            ["inGuest"] = command.InGuest ?? false,
            ["timeout"] = command.Timeout ?? TimeoutDefault,
            ["ignoredExitCodes"] = JsonSerializer.SerializeToNode(command.IgnoredExitCodes ?? []),
            ["standardError"] = ApiName.Of(command.StandardError ?? CommandErrorHandling.DontIgnore),
        };
    }

    private static PolicyCommandView? Command(JsonNode? stored) => stored is not JsonObject command
        ? null
        : new PolicyCommandView(
            Stored(command, "arguments").Deserialize<List<string>>(),
            Stored(command, "inGuest").GetValue<bool>(),
            Stored(command, "timeout").GetValue<long>(),
            Stored(command, "ignoredExitCodes").Deserialize<List<int>>(),
            Member<CommandErrorHandling>(command["standardError"]));

    private static JsonNode Stored(JsonObject command, string member) => command[member] ?? throw new JsonException($"A command has no '{member}'.");

    /// <summary>A stored member; the first of its kind when there is none.</summary>
    private static TEnum Member<TEnum>(JsonNode? stored)
        where TEnum : struct, Enum => stored?.GetValue<string>() is { } name && ApiName.TryParse(name, out TEnum member) ? member : default;
}
