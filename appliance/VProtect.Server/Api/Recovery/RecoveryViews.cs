using VProtect.Catalog.Tasks;
using VProtect.Server.Api.Shared;
using VProtect.Server.Api.Tasks;

namespace VProtect.Server.Api.Recovery;

/// <summary>A recovery plan as clients see it.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name shown to people.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Active">Whether its times count; it can be run by hand in any case.</param>
/// <param name="ContinueAfterFailure">Whether the steps after one that failed are done.</param>
/// <param name="BackupDestination">Where backups are taken from; null for wherever the newest is.</param>
/// <param name="Cron">When it runs by itself: minute, hour, day of month, month, day of week; null never.</param>
/// <param name="TimeZone">IANA name.</param>
/// <param name="LastRun">When it last began by itself.</param>
/// <param name="NextRun">When it begins next by itself.</param>
/// <param name="TenantId">Tenant that it belongs to.</param>
/// <param name="Steps">Its machines, in order.</param>
internal sealed record RecoveryPlanView(
    Guid Guid, string Name, string Description, bool Active, bool ContinueAfterFailure, NameAndGuid? BackupDestination, string? Cron, string TimeZone,
    DateTimeOffset? LastRun, DateTimeOffset? NextRun, string? TenantId, IReadOnlyList<RecoveryStepView> Steps);

/// <summary>A step of a recovery plan as clients see and write it: a machine, and where it is restored to.</summary>
/// <param name="VirtualMachine">The machine that was backed up.</param>
/// <param name="StartDelay">Time between the end of the step before and the begin of this one, milliseconds.</param>
/// <param name="Hypervisor">Host that shall run it; null for the platform's choice.</param>
/// <param name="HypervisorManager">Manager that it is restored to; null for that of the host, or where it came from.</param>
/// <param name="RestoreStorageId">Storage: ours or the platform's identity; null for the platform's choice.</param>
/// <param name="RestoredNetworks">Networks of its cards; null for those it had.</param>
/// <param name="RestoredPeName">Name of the restored machine, with <c>{name}</c>, <c>{date}</c> and <c>{time}</c>; null for the one it had.</param>
/// <param name="Overwrite">Whether the machine itself is overwritten.</param>
/// <param name="PowerOnAfterRestore">Whether it is started afterwards.</param>
/// <param name="RestoredDiskAllocationFormat">Whether disks are allocated whole.</param>
internal sealed record RecoveryStepView(
    NameAndGuid? VirtualMachine, long? StartDelay, NameAndGuid? Hypervisor, NameAndGuid? HypervisorManager, string? RestoreStorageId,
    IReadOnlyList<RestoredNetwork>? RestoredNetworks, string? RestoredPeName, bool? Overwrite, bool? PowerOnAfterRestore, DiskAllocation? RestoredDiskAllocationFormat);

/// <summary>A recovery plan as clients write it; what is missing stays as it is, or has its default when the plan is new.</summary>
/// <param name="Name">Name shown to people.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Active">Whether its times count; those of a new one do.</param>
/// <param name="ContinueAfterFailure">Whether the steps after one that failed are done; not by default.</param>
/// <param name="BackupDestination">Where backups are taken from; an empty guid for wherever the newest is.</param>
/// <param name="Cron">When it runs by itself; empty never.</param>
/// <param name="TimeZone">IANA name; UTC when a new one does not say.</param>
/// <param name="TenantId">Tenant that it belongs to.</param>
/// <param name="Steps">Its machines, in order; replaces all.</param>
internal sealed record RecoveryPlanRequest(
    string? Name, string? Description, bool? Active, bool? ContinueAfterFailure, NameAndGuid? BackupDestination, string? Cron, string? TimeZone, string? TenantId,
    IReadOnlyList<RecoveryStepView>? Steps);

/// <summary>What a step would do if the plan ran now.</summary>
/// <param name="Position">1 for the first.</param>
/// <param name="VirtualMachine">The machine.</param>
/// <param name="Backup">The backup that would be restored; null for none.</param>
/// <param name="BackupTime">The instant that it holds.</param>
/// <param name="DataAge">How old that is now, milliseconds.</param>
/// <param name="Size">Bytes of its disks.</param>
/// <param name="RestoredPeName">Name that the restored machine would have.</param>
/// <param name="Problem">Why it cannot be done, with what to do about it; null when it can.</param>
internal sealed record RecoveryCheckView(
    int Position, NameAndGuid VirtualMachine, NameAndGuid? Backup, DateTimeOffset? BackupTime, long? DataAge, long? Size, string? RestoredPeName, string? Problem);

/// <summary>A run of a recovery plan: its report.</summary>
/// <param name="Guid">Identity; the same as that of its workflow.</param>
/// <param name="RecoveryPlan">The plan; null when it is gone.</param>
/// <param name="Name">What it is called.</param>
/// <param name="State">Where it stands.</param>
/// <param name="OriginEntity">Who asked.</param>
/// <param name="Created">When it began.</param>
/// <param name="Finished">When it ended.</param>
/// <param name="Duration">How long it took, or takes so far, milliseconds: the recovery time that was reached.</param>
/// <param name="DataAge">Age of the oldest backup of it when it began, milliseconds: the recovery point that was reached.</param>
/// <param name="Restored">Steps that were done.</param>
/// <param name="Failed">Steps that failed or were not begun.</param>
/// <param name="Steps">Its steps, in order.</param>
internal sealed record RecoveryRunView(
    Guid Guid, NameAndGuid? RecoveryPlan, string Name, WorkflowState State, OriginView OriginEntity, DateTimeOffset Created, DateTimeOffset? Finished, long Duration,
    long? DataAge, int Restored, int Failed, IReadOnlyList<RecoveryRunStepView> Steps);

/// <summary>A step of a run.</summary>
/// <param name="Position">1 for the first.</param>
/// <param name="VirtualMachine">The machine that was backed up.</param>
/// <param name="Task">Its RESTORE task, with the log.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Backup">The backup that was restored.</param>
/// <param name="DataAge">Age of the backup when the run began, milliseconds.</param>
/// <param name="RestoredPeName">Name of the restored machine; null for the one it had.</param>
/// <param name="Started">When it began.</param>
/// <param name="Finished">When it ended.</param>
/// <param name="Duration">How long it took, milliseconds.</param>
/// <param name="Transferred">Bytes that were moved.</param>
/// <param name="Progress">Percent.</param>
/// <param name="StatusInfo">Why it failed, or what is worth knowing.</param>
/// <param name="ErrorCode">Stable code of the failure.</param>
internal sealed record RecoveryRunStepView(
    int Position, NameAndGuid VirtualMachine, Guid Task, TaskState State, NameAndGuid? Backup, long? DataAge, string? RestoredPeName, DateTimeOffset? Started,
    DateTimeOffset? Finished, long? Duration, long Transferred, int Progress, string? StatusInfo, int? ErrorCode);
