namespace VProtect.Catalog.Sql;

/// <summary>A table of the number of rows of another, for each combination of some columns, kept by triggers.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Columns">The columns, by the same names as in the counted table; null there is an empty text here.</param>
internal sealed record CountTable(string Name, IReadOnlyList<string> Columns)
{
    /// <summary>A few hundred rows, whatever the number of restore points.</summary>
    public static readonly CountTable RestorePoints = new("restore_point_counts", ["destination_guid", "policy_guid", "type", "state"]);

    /// <summary>A few rows for each machine: for lists by the machine's name.</summary>
    public static readonly CountTable RestorePointsOfMachines = new("restore_point_machine_counts", ["machine_guid", "state"]);

    public static readonly CountTable Tasks = new("task_counts", ["type", "state"]);

    public static readonly IReadOnlyList<CountTable> All = [RestorePoints, RestorePointsOfMachines, Tasks];
}
