using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Tasks;

/// <summary>Which tasks are wanted; what is null does not limit.</summary>
public sealed record TaskFilter
{
    /// <summary>In one of these states.</summary>
    public IReadOnlyCollection<TaskState>? States { get; init; }

    /// <summary>Of one of these types.</summary>
    public IReadOnlyCollection<TaskType>? Types { get; init; }

    /// <summary>About this machine.</summary>
    public Guid? Machine { get; init; }

    /// <summary>That make or use this restore point.</summary>
    public Guid? RestorePoint { get; init; }

    /// <summary>Started by this schedule.</summary>
    public Guid? Schedule { get; init; }

    /// <summary>For this policy.</summary>
    public Guid? Policy { get; init; }

    /// <summary>Of this workflow.</summary>
    public Guid? Workflow { get; init; }

    /// <summary>Of this tenant.</summary>
    public string? Tenant { get; init; }

    internal SqlFilter ToSql(ListQuery query)
    {
        SqlFilter sql = new SqlFilter()
            .In("state", States)
            .In("type", Types)
            .Equal("machine_guid", Machine)
            .Equal("restore_point_guid", RestorePoint)
            .Equal("schedule_guid", Schedule)
            .Equal("policy_guid", Policy)
            .Equal("workflow_guid", Workflow)
            .Equal("tenant_id", Tenant);
        return string.IsNullOrEmpty(query.Filter)
            ? sql
            : sql.Where("machine_guid", $" IN (SELECT guid FROM machines WHERE name_key LIKE {SqlFilter.Pattern(query.Filter)} ESCAPE '\\')");
    }
}
