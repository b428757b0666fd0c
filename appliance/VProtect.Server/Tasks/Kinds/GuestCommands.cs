using System.Globalization;
using System.Text.Json;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Policies;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;

namespace VProtect.Server.Tasks.Kinds;

/// <summary>What happens around a snapshot. A machine's own command stands before its policy's.</summary>
/// <param name="Quiesce"><c>No</c>, <c>Try</c> or <c>Require</c>.</param>
/// <param name="Before">Run before the snapshot.</param>
/// <param name="After">Run after it.</param>
internal sealed record GuestCommands(string Quiesce, CommandHook? Before, CommandHook? After)
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(5);

    /// <summary>The commands of a backup.</summary>
    public static async Task<GuestCommands> OfAsync(
        CatalogSession session, References references, Machine machine, Guid? policy, CancellationToken cancellationToken)
    {
        Policy? found = policy is { } guid ? await session.Policies.FindAsync(guid, cancellationToken) : null;
        using var settings = JsonDocument.Parse(found?.Settings ?? "{}");
        CommandHook? before = machine.PreCommandEnabled
            ? Hook(machine.PreCommandArgs, machine.PreCommandIgnoredExitCodes, machine.PreCommandErrors)
            : Hook(settings.RootElement, "preSnapshotCommand");
        CommandHook? after = machine.PostCommandEnabled
            ? Hook(machine.PostCommandArgs, machine.PostCommandIgnoredExitCodes, machine.PostCommandErrors)
            : Hook(settings.RootElement, "postSnapshotCommand");
        GuestShell? shell = before?.InGuest == true || after?.InGuest == true ? await references.ShellAsync(session, machine, cancellationToken) : null;
        return new GuestCommands(QuiesceOf(machine, settings.RootElement), Through(before, shell), Through(after, shell));
    }

    /// <summary>What commands find in their environment.</summary>
    public static Dictionary<string, string> Environment(Machine machine, Destination destination, CatalogTask task) => new(StringComparer.Ordinal)
    {
        ["VP_VM_GUID"] = machine.Guid.ToString("D"),
        ["VP_VM_UUID"] = machine.Uuid,
        ["VP_VM_NAME"] = machine.Name,
        ["VP_BD_GUID"] = destination.Guid.ToString("D"),
        ["VP_BD_NAME"] = destination.Name,
        ["VP_TASK_TYPE"] = ApiName.Of(task.Type),
    };

    /// <summary>A machine that has an SSH address is entered there, else through the platform's agent.</summary>
    private static CommandHook? Through(CommandHook? hook, GuestShell? shell) => hook is { InGuest: true } ? hook with { Shell = shell } : hook;

    private static string QuiesceOf(Machine machine, JsonElement settings) => Text(settings, "quiesce")?.ToUpperInvariant() switch
    {
        "REQUIRE" => "Require",
        "TRY" => "Try",
        _ => machine.Quiesce ? "Try" : "No",
    };

    private static CommandHook? Hook(IReadOnlyList<string> arguments, IEnumerable<string> ignored, CommandErrorHandling errors) => arguments.Count == 0
        ? null
        : new CommandHook(arguments, InGuest: true, DefaultTimeout, [.. ignored.Select(Code).OfType<int>()], ApiName.Of(errors));

    /// <summary>A command as a policy's settings have it: <c>{"arguments": [], "inGuest": true, "timeout": ms, "ignoredExitCodes": [], "standardError": ""}</c>.</summary>
    private static CommandHook? Hook(JsonElement settings, string name)
    {
        if (!settings.TryGetProperty(name, out JsonElement command) || command.ValueKind != JsonValueKind.Object || Texts(command, "arguments") is not { Count: > 0 } arguments)
        {
            return null;
        }

        TimeSpan timeout = command.TryGetProperty("timeout", out JsonElement given) && given.TryGetInt64(out long milliseconds) && milliseconds > 0
            ? TimeSpan.FromMilliseconds(milliseconds)
            : DefaultTimeout;
        bool inGuest = command.TryGetProperty("inGuest", out JsonElement where) && where.ValueKind == JsonValueKind.True;
        return new CommandHook(
            arguments, inGuest, timeout, [.. Texts(command, "ignoredExitCodes").Select(Code).OfType<int>()],
            Text(command, "standardError") ?? ApiName.Of(CommandErrorHandling.DontIgnore));
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static List<string> Texts(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray().Select(item => item.ToString())] : [];

    private static int? Code(string text) => int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int code) ? code : null;
}
