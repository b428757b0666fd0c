using System.Text.Json;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using VProtect.Server.Validation;

namespace VProtect.Server.Nodes;

/// <summary>The settings of a node configuration: each member as the JSON of <see cref="NodeConfig.Settings"/> calls it, null where nothing is said.</summary>
internal sealed record NodeConfigSettings
{
    private const int PathsMax = 100;
    private const int PathLengthMax = 4096;

    /// <summary>Kinds of work that can be withheld from a node.</summary>
    public static IReadOnlyList<TaskType> TaskTypes { get; } =
    [
        TaskType.Export, TaskType.Restore, TaskType.Mount, TaskType.Snapshot, TaskType.SnapshotReversion, TaskType.OldSnapshotsRemoval, TaskType.Delete, TaskType.OldBackupsRemoval,
        TaskType.InventorySync, TaskType.Verify, TaskType.Collect, TaskType.ApplianceBackup, TaskType.FileRestore,
    ];

    /// <summary>Tasks that a node runs at once, 1 to 64; the node's own limit counts too.</summary>
    public long? RunningTasksMax { get; private init; }

    /// <summary>Absolute directories that files may be restored into or below.</summary>
    public IReadOnlyList<string>? RestorePaths { get; private init; }

    /// <summary>Kinds of work that a node is given, of those in <see cref="TaskTypes"/>; null for all. What ends a mount is always given.</summary>
    public IReadOnlyList<TaskType>? AllowedTaskTypes { get; private init; }

    /// <summary>Bytes per second that all backups of a node together read from platforms, 1 MiB at least.</summary>
    public long? BackupBytesPerSecondMax { get; private init; }

    /// <summary>Bytes of the local file in which a node keeps what mounts read from object storage; 0 for none. A node takes at most a sixteenth of what is free.</summary>
    public long? MountCacheBytesMax { get; private init; }

    /// <summary>Absolute directory of the node's machine for temporary work; null for the usual places.</summary>
    public string? WorkPath { get; private init; }

    /// <summary>Whether that file also keeps what mounts read from shares.</summary>
    public bool? MountCacheHoldsShares { get; private init; }

    /// <summary>Seconds that reads of mounts wait for a repository that is away before they fail, 5 to 86400.</summary>
    public long? MountStallSecondsMax { get; private init; }

    /// <summary>What a configuration says; what an earlier version let in and is not understood counts as not said.</summary>
    public static NodeConfigSettings Of(NodeConfig config) =>
        Parse(JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(config.Settings)!, new FieldProblems());

    /// <summary>Reads settings as written, and notes what is wrong with them.</summary>
    public static NodeConfigSettings Parse(IReadOnlyDictionary<string, JsonElement> written, FieldProblems problems)
    {
        var settings = new NodeConfigSettings();
        foreach ((string name, JsonElement value) in written)
        {
            string field = $"settings.{name}";
            settings = name switch
            {
                "runningTasksMax" => settings with { RunningTasksMax = Number(field, value, 1, 64, problems) },
                "allowedTaskTypes" => settings with { AllowedTaskTypes = Types(field, value, problems) },
                "restorePaths" => settings with { RestorePaths = Paths(field, value, problems) },
                "backupBytesPerSecondMax" => settings with { BackupBytesPerSecondMax = Number(field, value, 1 << 20, long.MaxValue, problems) },
                "mountCacheBytesMax" => settings with { MountCacheBytesMax = Number(field, value, 0, long.MaxValue, problems) },
                "workPath" => settings with { WorkPath = Place(field, value, problems) },
                "mountCacheHoldsShares" => settings with { MountCacheHoldsShares = Flag(field, value, problems) },
                "mountStallSecondsMax" => settings with { MountStallSecondsMax = Number(field, value, 5, 86_400, problems) },
                _ => Unknown(field, settings, problems),
            };
        }

        return settings;
    }

    private static NodeConfigSettings Unknown(string field, NodeConfigSettings settings, FieldProblems problems)
    {
        problems.Add(field, "There is no such setting.", "Send runningTasksMax, allowedTaskTypes, restorePaths, backupBytesPerSecondMax, mountCacheBytesMax, mountCacheHoldsShares, mountStallSecondsMax or workPath.");
        return settings;
    }

    private static long? Number(string field, JsonElement value, long min, long max, FieldProblems problems) =>
        problems.Require(
            value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= min && number <= max, field,
            $"{value.GetRawText()} is no number within bounds.", $"Send a whole number from {min} to {max}.")
            ? value.GetInt64()
            : null;

    private static bool? Flag(string field, JsonElement value, FieldProblems problems) =>
        problems.Require(value.ValueKind is JsonValueKind.True or JsonValueKind.False, field, $"{value.GetRawText()} is neither true nor false.", "Send true or false.")
            ? value.GetBoolean()
            : null;

    private static string? Place(string field, JsonElement value, FieldProblems problems) =>
        problems.Require(
            value.ValueKind == JsonValueKind.String && value.GetString() is { } path && path.Length <= PathLengthMax && Path.IsPathFullyQualified(path) && !path.Split('/').Contains("..")
                && !path.Any(char.IsControl), field,
            $"{value.GetRawText()} is no absolute directory.", "Send one without '..', as in \"/var/vprotect-work\"; the node makes it when it is not there.")
            ? value.GetString()
            : null;

    private static List<TaskType>? Types(string field, JsonElement value, FieldProblems problems)
    {
        var types = new List<TaskType>();
        bool isList = value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0;
        foreach (JsonElement item in isList ? value.EnumerateArray() : default)
        {
            if (item.ValueKind == JsonValueKind.String && ApiName.TryParse(item.GetString()!, out TaskType type) && TaskTypes.Contains(type))
            {
                types.Add(type);
            }
        }

        return problems.Require(
            isList && types.Count == value.GetArrayLength(), field, "It is no list of kinds of work.",
            $"Send some of {string.Join(", ", TaskTypes.Select(type => ApiName.Of(type)))}, or leave it out for all.")
            ? types
            : null;
    }

    private static List<string>? Paths(string field, JsonElement value, FieldProblems problems)
    {
        List<JsonElement> items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        List<string> paths = [.. items.Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)];
        return problems.Require(
            items.Count is > 0 and <= PathsMax && paths.Count == items.Count && paths.All(path => path.Length <= PathLengthMax && Path.IsPathFullyQualified(path)), field,
            "It is no list of absolute directories.", $"Send up to {PathsMax}, as in [\"/restore\"].")
            ? paths
            : null;
    }
}
