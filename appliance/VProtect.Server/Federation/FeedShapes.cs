using System.Text.Json;
using VProtect.Abstractions.Nodes.Wire;
using VProtect.Catalog.Mirror;
using VProtect.Server.Api.Hypervisors;
using VProtect.Server.Api.Machines;
using VProtect.Server.Api.Policies;
using VProtect.Server.Mounts;
using VProtect.Server.Policies;
using VProtect.Server.Recovery;
using VProtect.Server.Tasks;

namespace VProtect.Server.Federation;

/// <summary>
/// Whether a row that an appliance tells is of the shape that lists read, and its numbers such as there are. The catalog holds a column to be JSON, and not what it says; each is tried here by what reads it when it is shown, since one
/// row that cannot be shown would fail everybody's list.
/// </summary>
internal static class FeedShapes
{
    private static readonly Dictionary<(string Table, string Column), Func<string, bool>> _readers = new()
    {
        [("hypervisor_managers", "settings")] = IsObject,
        [("hypervisors", "settings")] = IsObject,
        [("destinations", "settings")] = IsObject,
        [("destinations", "projects")] = AreTexts,
        [("policies", "settings")] = settings => PolicyCommands.Of(settings) is var _ && PolicyReading.Zone(settings).Length > 0,
        [("schedules", "days_of_week")] = AreTexts,
        [("schedules", "months")] = AreTexts,
        [("schedules", "occurrences")] = AreTexts,
        [("machines", "pre_command_args")] = AreTexts,
        [("machines", "pre_command_ignored_exit_codes")] = AreCodes,
        [("machines", "post_command_args")] = AreTexts,
        [("machines", "post_command_ignored_exit_codes")] = AreCodes,
        [("recovery_plans", "steps")] = steps => RecoveryStep.Of(steps) is { } all && all.All(step => step is not null),
        [("tasks", "parameters")] = parameters => TaskParameters.Of(parameters) is not null,
        [("mounts", "allowed_clients")] = AreTexts,
        [("mounts", "settings")] = settings => MountSettings.Of(settings) is { } mount && mount.Served?.ToDictionary(disk => disk.Id) is var _,
    };

    /// <summary>What of a row cannot be taken, as <c>table.column: what is wrong</c>; null when it fits.</summary>
    public static string? UnfitOf(FeedRow row) => MirrorNumbers.UnfitOf(row)
        ?? (row.Columns?.FirstOrDefault(column => !Fits(row.Table, column.Key, column.Value)).Key is { } column ? $"{row.Table}.{column}: it is not of the shape that it should be of" : null);

    private static bool Fits(string table, string column, JsonElement value)
    {
        try
        {
            return value.ValueKind != JsonValueKind.String || !_readers.TryGetValue((table, column), out Func<string, bool>? reads) || reads(value.GetString()!);
        }
        catch (Exception unfit) when (unfit is JsonException or FormatException or OverflowException or InvalidOperationException or ArgumentException or NotSupportedException)
        {
            return false;
        }
    }

    private static bool IsObject(string json) => PlatformFields.Settings(json) is not null;

    private static bool AreTexts(string json) => JsonSerializer.Deserialize<string[]>(json) is { } texts && texts.All(text => text is not null);

    private static bool AreCodes(string json) => AreTexts(json) && MachineShowing.Codes(JsonSerializer.Deserialize<string[]>(json)!) is var _;
}
