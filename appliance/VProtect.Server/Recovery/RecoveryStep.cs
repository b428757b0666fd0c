using System.Text.Json;
using System.Text.Json.Serialization;
using VProtect.Catalog.Recovery;

namespace VProtect.Server.Recovery;

/// <summary>A step of a recovery plan: one machine, restored to a platform. Kept with the plan as JSON; names are stored and only grow.</summary>
internal sealed record RecoveryStep
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault };

    /// <summary>The machine that was backed up.</summary>
    public required Guid Machine { get; init; }

    /// <summary>Its name when the plan was written: what a report calls it when it is gone.</summary>
    public string MachineName { get; init; } = "";

    /// <summary>Time between the end of the step before and the begin of this one, ms.</summary>
    public long StartDelay { get; init; }

    /// <summary>Host that shall run it; null for the platform's choice.</summary>
    public Guid? Hypervisor { get; init; }

    /// <summary>Manager that it is restored to; null, as that of the host, for where the machine came from.</summary>
    public Guid? HypervisorManager { get; init; }

    /// <summary>Storage: ours or the platform's identity; null for the platform's choice.</summary>
    public string? Storage { get; init; }

    /// <summary>Networks by the position of the card; null as it was.</summary>
    public IReadOnlyDictionary<int, Guid>? Networks { get; init; }

    /// <summary>Name of the restored machine, with <c>{name}</c>, <c>{date}</c> and <c>{time}</c>; null for the one it had.</summary>
    public string? Name { get; init; }

    /// <summary>Whether the machine itself is overwritten.</summary>
    public bool Overwrites { get; init; }

    /// <summary>Whether disks are allocated whole.</summary>
    public bool IsPreallocated { get; init; }

    /// <summary>Whether it is started afterwards.</summary>
    public bool PowersOn { get; init; }

    /// <summary>The steps of a plan, in order.</summary>
    public static IReadOnlyList<RecoveryStep> Of(RecoveryPlan plan) => Of(plan.Steps);

    public static IReadOnlyList<RecoveryStep> Of(string steps) => JsonSerializer.Deserialize<List<RecoveryStep>>(steps, Json)!;

    public static string ToJson(IReadOnlyList<RecoveryStep> steps) => JsonSerializer.Serialize(steps, Json);

    /// <summary>The name of the restored machine; null for the one it had.</summary>
    /// <param name="machine">Name of the machine.</param>
    /// <param name="at">When the run began, in the zone of the plan.</param>
    public string? NameAt(string machine, DateTimeOffset at) => Name?
        .Replace("{name}", machine, StringComparison.Ordinal)
        .Replace("{date}", at.ToString("yyyy-MM-dd", null), StringComparison.Ordinal)
        .Replace("{time}", at.ToString("HHmm", null), StringComparison.Ordinal);
}
