using VProtect.Catalog.Policies;

namespace VProtect.Server.Scheduling;

/// <summary>Which schedules start rules of which policies.</summary>
internal static class ScheduleFit
{
    /// <summary>Whether a schedule of this type starts rules of policies of this kind.</summary>
    public static bool Starts(ScheduleType type, PolicyKind kind) => (type, kind) switch
    {
        (ScheduleType.VmBackup, PolicyKind.VmBackup) => true,
        (ScheduleType.VmSnapshot, PolicyKind.VmSnapshot) => true,
        _ => false,
    };
}
