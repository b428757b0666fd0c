using VProtect.Catalog.Policies;
using VProtect.Catalog.Recovery;
using VProtect.Catalog.RestorePoints;
using VProtect.Server.Scheduling;

namespace VProtect.Server.Recovery;

/// <summary>When a recovery plan runs by itself: a cron schedule of its own.</summary>
internal static class RecoverySchedule
{
    /// <summary>A run that nobody could begin for so long is left out: restoring machines hours late surprises more than it helps.</summary>
    private static readonly TimeSpan StartWindow = TimeSpan.FromHours(1);

    /// <summary>Null when it has no times or rests.</summary>
    /// <exception cref="Validation.InvalidFieldsException">The expression or zone is wrong; it names the fields.</exception>
    public static ScheduleModel? Of(RecoveryPlan plan) => plan is { Active: true, Cron: { } cron }
        ? ScheduleValidation.Validate(
            new Schedule
            {
                Guid = plan.Guid,
                Name = plan.Name,
                Type = ScheduleType.VmBackup,
                BackupType = BackupType.Full,
                ExecutionType = ScheduleExecution.Cron,
                Cron = cron,
                TimeZone = plan.TimeZone,
                StartWindow = StartWindow,
            })
        : null;
}
