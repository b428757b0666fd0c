using System.Text.Json;
using System.Text.Json.Serialization;
using VProtect.Catalog.Tasks;

namespace VProtect.Server.Tasks;

/// <summary>What a task needs beyond the columns of its row; kept with it as JSON. Names are stored: they only grow.</summary>
internal sealed record TaskParameters
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault };

    /// <summary>Tries after a failure that may pass.</summary>
    public int RetryCount { get; init; }

    /// <summary>Time before the first of them, ms; doubled for each further one.</summary>
    public long RetryDelay { get; init; }

    /// <summary>Disks to restore, by id; null or empty for all.</summary>
    public IReadOnlyList<string>? Disks { get; init; }

    /// <summary>A restore to files.</summary>
    public FilesParameters? Files { get; init; }

    /// <summary>A restore to a platform.</summary>
    public ImportParameters? Import { get; init; }

    /// <summary>Restore points to remove.</summary>
    public IReadOnlyList<Guid>? Points { get; init; }

    /// <summary>Snapshots to make, go back to, or remove: rows of the catalog.</summary>
    public IReadOnlyList<Guid>? Snapshots { get; init; }

    /// <summary>Part of the packs to verify, 1 to 100.</summary>
    public int SamplePercent { get; init; }

    /// <summary>Rate limit of a verification, or null.</summary>
    public long? BytesPerSecondMax { get; init; }

    /// <summary>The mount that is set up or taken down.</summary>
    public Guid? Mount { get; init; }

    /// <summary>Whether what was written to a mount becomes a restore point.</summary>
    public bool Commits { get; init; }

    /// <summary>A remark kept with that.</summary>
    public string? Label { get; init; }

    /// <summary>Whether the machine that runs on a mount is kept when that ends.</summary>
    public bool KeepsMachine { get; init; }

    /// <summary>Where its disks are moved to then, by the platform's id; null the platform's choice.</summary>
    public string? StorageUuid { get; init; }

    /// <summary>Files of <see cref="Mount"/> that are written into a machine.</summary>
    public GuestFilesParameters? GuestFiles { get; init; }

    /// <summary>Its place in a run of a recovery plan.</summary>
    public StepParameters? Step { get; init; }

    public static TaskParameters Of(CatalogTask task) => Of(task.Parameters);

    public static TaskParameters Of(string parameters) => JsonSerializer.Deserialize<TaskParameters>(parameters, Json)!;

    public string ToJson() => JsonSerializer.Serialize(this, Json);
}

/// <summary>A step of a run of a recovery plan.</summary>
/// <param name="Position">1 for the first.</param>
/// <param name="Machine">Name of the machine.</param>
/// <param name="StartDelay">Time between the end of the step before and its begin, ms.</param>
/// <param name="RunsAfterFailure">Whether it is done although the step before failed.</param>
/// <param name="Problem">Why it cannot be done; null when it can.</param>
internal sealed record StepParameters(int Position, string Machine, long StartDelay, bool RunsAfterFailure, string? Problem);

/// <summary>A restore to files on the node.</summary>
/// <param name="Directory">Absolute path.</param>
/// <param name="Format"><c>raw</c>, <c>qcow2</c>, <c>vmdk</c>, <c>vhdx</c> or <c>vhd</c>.</param>
/// <param name="IsSparse">Whether zeros take no space.</param>
internal sealed record FilesParameters(string Directory, string Format, bool IsSparse);

/// <summary>Files that are written into a machine that runs.</summary>
/// <param name="Volume">The volume, as the node calls it.</param>
/// <param name="Paths">Files and folders in it.</param>
/// <param name="Folder">The folder in the machine that receives them; null for where they were.</param>
/// <param name="Existing">What becomes of files that are there already.</param>
/// <param name="Suffix">What is added to names when what is restored gets another one.</param>
internal sealed record GuestFilesParameters(string Volume, IReadOnlyList<string> Paths, string? Folder, ExistingFiles Existing, string Suffix);

/// <summary>What becomes of files that are there already. Stored: names only grow.</summary>
internal enum ExistingFiles
{
    /// <summary>They stay.</summary>
    Keep,

    /// <summary>They are replaced, each at once and for good.</summary>
    Replace,

    /// <summary>They stay, and what is restored gets another name beside them.</summary>
    Rename,
}

/// <summary>A restore to a platform.</summary>
internal sealed record ImportParameters
{
    /// <summary>Name of the new machine; null for the one it had.</summary>
    public string? Name { get; init; }

    /// <summary>The machine to overwrite, by the platform's id; null for a new one.</summary>
    public string? OverwriteUuid { get; init; }

    /// <summary>Host, by the platform's id.</summary>
    public string? HostUuid { get; init; }

    /// <summary>Storage, by the platform's id.</summary>
    public string? StorageUuid { get; init; }

    /// <summary>Networks, by the platform's id and the position of the card.</summary>
    public IReadOnlyDictionary<int, string>? Networks { get; init; }

    /// <summary>Whether disks are allocated whole.</summary>
    public bool IsPreallocated { get; init; }

    /// <summary>Whether to start it afterwards.</summary>
    public bool PowersOn { get; init; }
}
