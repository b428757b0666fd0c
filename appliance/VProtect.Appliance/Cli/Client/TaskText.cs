using System.Text.Json;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client;

/// <summary>Tasks in words.</summary>
internal static class TaskText
{
    /// <summary><c>export of web1</c>, <c>old backups removal</c>.</summary>
    public static string Of(JsonElement task)
    {
        string type = (task.Text("type") ?? "task").Replace('_', ' ').ToLowerInvariant();
        return (task.Text("protectedEntity") ?? task.Text("hypervisor") ?? task.Text("backupDestination")) is { Length: > 0 } of ? $"{type} of {of}" : type;
    }

    /// <summary>Whether it has ended, however.</summary>
    public static bool HasEnded(JsonElement task) => task.Text("state") is "FINISHED" or "FAILED" or "CANCELLED";

    /// <summary>From its start to its end, or to now.</summary>
    public static TimeSpan? Took(JsonElement task) => task.Time("started") is { } started ? (task.Time("finished") ?? DateTimeOffset.UtcNow) - started : null;
}
