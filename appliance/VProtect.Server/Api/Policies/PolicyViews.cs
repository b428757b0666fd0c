using VProtect.Catalog.Policies;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Policies;

/// <summary>A policy as clients see it.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name shown to people; unique among policies of its kind.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Active">Whether its rules run.</param>
/// <param name="Priority">0 to 100; also of its tasks.</param>
/// <param name="Vms">Its machines, whoever put them there.</param>
/// <param name="Rules">Its rules in their order.</param>
/// <param name="AutoRemoveNonPresent">Whether machines that are gone leave it.</param>
/// <param name="AutoAssignSettings">Which machines join and leave by themselves.</param>
/// <param name="FailRemainingBackupTasksExportThreshold">Failed exports after which the rest of a run fails; null any number.</param>
/// <param name="FailRemainingBackupTasksStoreThreshold">Failed stores after which the rest of a run fails; null any number.</param>
/// <param name="BackupRetryCount">How often a failed backup is tried again.</param>
/// <param name="RetryDelay">Time before the first new try, milliseconds; doubled for each further one.</param>
/// <param name="DailyReportEnabled">Whether a report is sent every day.</param>
/// <param name="MailingList">Who gets it.</param>
/// <param name="Rpo">Longest time without a good backup, milliseconds; null as its schedules have it.</param>
/// <param name="TimeZone">IANA name of the zone whose days and weeks its retention counts.</param>
/// <param name="TenantId">Tenant that it belongs to.</param>
/// <param name="Quiesce">Whether file systems are frozen for the instant of a snapshot.</param>
/// <param name="PreSnapshotCommand">Run before the snapshot; its failure fails the backup.</param>
/// <param name="PostSnapshotCommand">Run after the snapshot, whatever became of it.</param>
/// <param name="Appliance">The appliance that it belongs to, which joined this one; null for its own.</param>
internal sealed record PolicyView(
    Guid Guid, string Name, string? Description, bool Active, int Priority, IReadOnlyList<NameAndGuid> Vms, IReadOnlyList<RuleView> Rules, bool AutoRemoveNonPresent,
    AutoAssignView AutoAssignSettings, int? FailRemainingBackupTasksExportThreshold, int? FailRemainingBackupTasksStoreThreshold, int BackupRetryCount,
    long RetryDelay, bool DailyReportEnabled, NameAndGuid? MailingList, long? Rpo, string TimeZone, string? TenantId,
    PolicyQuiesce Quiesce, PolicyCommandView? PreSnapshotCommand, PolicyCommandView? PostSnapshotCommand, NameAndGuid? Appliance);

/// <summary>Which machines join and leave a policy by themselves. Exclusions win; inclusions are joined by OR; clusters narrow them.</summary>
/// <param name="Mode">Whether they do.</param>
/// <param name="IncludeTags">Tags that include.</param>
/// <param name="ExcludeTags">Tags that exclude.</param>
/// <param name="IncludeRegExps">Expressions that include when they match the whole name.</param>
/// <param name="ExcludeRegExps">Expressions that exclude when they match the whole name.</param>
/// <param name="HvClusters">Clusters whose machines belong.</param>
internal sealed record AutoAssignView(
    AutoAssignMode? Mode, IReadOnlyList<string>? IncludeTags, IReadOnlyList<string>? ExcludeTags, IReadOnlyList<string>? IncludeRegExps,
    IReadOnlyList<string>? ExcludeRegExps, IReadOnlyList<NameAndGuid>? HvClusters);

/// <summary>A rule as clients see it.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name shown to people.</param>
/// <param name="Active">Whether it runs.</param>
/// <param name="Position">Order in its policy, from 0.</param>
/// <param name="Policy">Its policy.</param>
/// <param name="Schedules">Schedules that start it; in lists of policies only with <c>extended=true</c>.</param>
/// <param name="RuleBackupDestinations">Where backups go and what is kept there; in lists of policies only with <c>extended=true</c>.</param>
/// <param name="RetentionVersions">Snapshots kept, for rules of snapshot policies.</param>
/// <param name="RetentionDays">Days for which they are kept.</param>
internal sealed record RuleView(
    Guid Guid, string Name, bool Active, int Position, NameAndGuid Policy, IReadOnlyList<NameAndGuid>? Schedules, RuleDestinationsView? RuleBackupDestinations,
    int? RetentionVersions, int? RetentionDays);

/// <summary>The destinations of a rule.</summary>
/// <param name="PrimaryBackupDestination">Where backups go.</param>
/// <param name="SecondaryBackupDestination">Where a copy of them goes.</param>
internal sealed record RuleDestinationsView(RuleDestinationView? PrimaryBackupDestination, RuleDestinationView? SecondaryBackupDestination);

/// <summary>A destination of a rule.</summary>
/// <param name="Active">Whether it is used; it is when a request does not say.</param>
/// <param name="RoleType">Which copy it receives; not looked at in requests.</param>
/// <param name="BackupDestination">The destination.</param>
/// <param name="DaysToKeepRetentionLock">Days for which restore points may not be removed; 0 none.</param>
/// <param name="BackupRetentionSettings">What is kept.</param>
internal sealed record RuleDestinationView(
    bool? Active, DestinationRole? RoleType, NameAndGuid? BackupDestination, int? DaysToKeepRetentionLock, RetentionView? BackupRetentionSettings);

/// <summary>What is kept. A restore point goes when either bound of its kind is passed, unless one of the counts holds it.</summary>
/// <param name="RetentionKeepLastNFull">Full restore points kept; null any number.</param>
/// <param name="RetentionKeepFullNewerThan">Age to which they are kept, milliseconds; null any.</param>
/// <param name="RetentionKeepLastNIncremental">Incremental restore points kept; null any number.</param>
/// <param name="RetentionKeepIncrementalNewerThan">Age to which they are kept, milliseconds; null any.</param>
/// <param name="KeepLastBackupWhenSourceStillExists">Whether the last one stays while the machine exists; it does when a request does not say.</param>
/// <param name="KeepLast">Newest kept whatever their age.</param>
/// <param name="KeepHourly">Hours of which one is kept.</param>
/// <param name="KeepDaily">Days of which one is kept.</param>
/// <param name="KeepWeekly">Weeks of which one is kept.</param>
/// <param name="KeepMonthly">Months of which one is kept.</param>
/// <param name="KeepYearly">Years of which one is kept.</param>
internal sealed record RetentionView(
    int? RetentionKeepLastNFull, long? RetentionKeepFullNewerThan, int? RetentionKeepLastNIncremental, long? RetentionKeepIncrementalNewerThan,
    bool? KeepLastBackupWhenSourceStillExists, int? KeepLast, int? KeepHourly, int? KeepDaily, int? KeepWeekly, int? KeepMonthly, int? KeepYearly);

/// <summary>A policy as clients write it; what is missing stays as it is, or has its default when the policy is new.</summary>
/// <param name="Name">Name shown to people; unique among policies of its kind.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Active">Whether its rules run; those of a new one do.</param>
/// <param name="Priority">0 to 100, 50 by default; also of its tasks.</param>
/// <param name="Vms">Its machines; replaces all. A machine may be in several policies.</param>
/// <param name="Rules">Its rules in their order; replaces all. One with a guid is changed or stays, one without is made.</param>
/// <param name="AutoRemoveNonPresent">Whether machines that are gone leave it.</param>
/// <param name="AutoAssignSettings">Which machines join and leave by themselves; replaces all lists that are sent.</param>
/// <param name="FailRemainingBackupTasksExportThreshold">Failed exports after which the rest of a run fails; 0 any number.</param>
/// <param name="FailRemainingBackupTasksStoreThreshold">Failed stores after which the rest of a run fails; 0 any number.</param>
/// <param name="BackupRetryCount">How often a failed backup is tried again.</param>
/// <param name="RetryDelay">Time before the first new try, milliseconds; doubled for each further one.</param>
/// <param name="DailyReportEnabled">Whether a report is sent every day.</param>
/// <param name="MailingList">Who gets it.</param>
/// <param name="Rpo">Longest time without a good backup, milliseconds; 0 as its schedules have it.</param>
/// <param name="TimeZone">IANA name of the zone whose days and weeks its retention counts; UTC by default.</param>
/// <param name="TenantId">Tenant that it belongs to.</param>
/// <param name="ExecuteAutoAssignmentAfterSavingPolicy">Whether machines join and leave at once.</param>
/// <param name="Quiesce">Whether file systems are frozen for the instant of a snapshot.</param>
/// <param name="PreSnapshotCommand">Run before the snapshot; its failure fails the backup.</param>
/// <param name="PostSnapshotCommand">Run after the snapshot, whatever became of it.</param>
internal sealed record PolicyRequest(
    string? Name, string? Description, bool? Active, int? Priority, IReadOnlyList<NameAndGuid>? Vms, IReadOnlyList<RuleRequest>? Rules, bool? AutoRemoveNonPresent,
    AutoAssignView? AutoAssignSettings, int? FailRemainingBackupTasksExportThreshold, int? FailRemainingBackupTasksStoreThreshold, int? BackupRetryCount,
    long? RetryDelay, bool? DailyReportEnabled, NameAndGuid? MailingList, long? Rpo, string? TimeZone, string? TenantId, bool? ExecuteAutoAssignmentAfterSavingPolicy,
    PolicyQuiesce? Quiesce, PolicyCommandView? PreSnapshotCommand, PolicyCommandView? PostSnapshotCommand);

/// <summary>A rule as clients write it; what is missing stays as it is, or has its default when the rule is new.</summary>
/// <param name="Guid">In a policy's list: the rule that is meant; missing makes a new one.</param>
/// <param name="Name">Name shown to people.</param>
/// <param name="Active">Whether it runs; a new one does.</param>
/// <param name="Position">Order in its policy, from 0; not looked at in a policy's list, which is in order.</param>
/// <param name="Policy">Its policy; needed for a new one outside of a policy's list, and cannot be changed.</param>
/// <param name="Schedules">Schedules that start it; replaces all.</param>
/// <param name="RuleBackupDestinations">Where backups go and what is kept there; replaces both.</param>
/// <param name="RetentionVersions">Snapshots kept, for rules of snapshot policies.</param>
/// <param name="RetentionDays">Days for which they are kept.</param>
internal sealed record RuleRequest(
    Guid? Guid, string? Name, bool? Active, int? Position, NameAndGuid? Policy, IReadOnlyList<NameAndGuid>? Schedules, RuleDestinationsView? RuleBackupDestinations,
    int? RetentionVersions, int? RetentionDays);

/// <summary>The kind of the policies and rules behind a path.</summary>
/// <param name="Kind">The kind.</param>
internal sealed record OfKind(PolicyKind Kind)
{
    public static PolicyKind Of(HttpContext context) => context.GetEndpoint()!.Metadata.GetRequiredMetadata<OfKind>().Kind;

    /// <summary>What the objects are called in messages, with the article of a new one left out.</summary>
    public static string Word(PolicyKind kind) => kind == PolicyKind.VmBackup ? "backup" : "snapshot";
}
