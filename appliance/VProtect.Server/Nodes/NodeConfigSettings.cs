using System.Text.Json;
using VProtect.Catalog.Nodes;
using VProtect.Server.Validation;

namespace VProtect.Server.Nodes;

/// <summary>The settings of a node configuration: each member as the JSON of <see cref="NodeConfig.Settings"/> calls it, null where nothing is said.</summary>
internal sealed record NodeConfigSettings
{
    private const int PathsMax = 100;
    private const int PathLengthMax = 4096;

    /// <summary>Tasks that a node runs at once, 1 to 64; the node's own limit counts too.</summary>
    public long? RunningTasksMax { get; private init; }

    /// <summary>Absolute directories that files may be restored into or below.</summary>
    public IReadOnlyList<string>? RestorePaths { get; private init; }

    /// <summary>Bytes per second that all backups of a node together read from platforms, 1 MiB at least.</summary>
    public long? BackupBytesPerSecondMax { get; private init; }

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
                "restorePaths" => settings with { RestorePaths = Paths(field, value, problems) },
                "backupBytesPerSecondMax" => settings with { BackupBytesPerSecondMax = Number(field, value, 1 << 20, long.MaxValue, problems) },
                _ => Unknown(field, settings, problems),
            };
        }

        return settings;
    }

    private static NodeConfigSettings Unknown(string field, NodeConfigSettings settings, FieldProblems problems)
    {
        problems.Add(field, "There is no such setting.", "Send runningTasksMax, restorePaths or backupBytesPerSecondMax.");
        return settings;
    }

    private static long? Number(string field, JsonElement value, long min, long max, FieldProblems problems) =>
        problems.Require(
            value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= min && number <= max, field,
            $"{value.GetRawText()} is no number within bounds.", $"Send a whole number from {min} to {max}.")
            ? value.GetInt64()
            : null;

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
