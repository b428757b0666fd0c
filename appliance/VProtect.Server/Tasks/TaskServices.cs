using VProtect.Abstractions.Nodes;
using VProtect.Server.Api.Events;
using VProtect.Server.Federation;
using VProtect.Server.Monitoring;
using VProtect.Server.Monitoring.Telemetry;
using VProtect.Server.Mounts;
using VProtect.Server.Nodes;
using VProtect.Server.Policies;
using VProtect.Server.Policies.Retention;
using VProtect.Server.Rebuild;
using VProtect.Server.Recovery;
using VProtect.Server.Scheduling;
using VProtect.Server.Tasks.Channel;
using VProtect.Server.Tasks.Kinds;
using VProtect.Server.Tasks.Outcomes;
using VProtect.Server.Tasks.Requests;

namespace VProtect.Server.Tasks;

/// <summary>Registers the task engine.</summary>
internal static class TaskServices
{
    public static void AddTasks(this IServiceCollection services, LocalNode node)
    {
        services.AddSingleton(node);
        services.AddSingleton<TaskBells>();
        services.AddSingleton<Errands>();
        services.AddSingleton<References>();
        services.AddSingleton<TaskRequests>();
        services.AddSingleton<PolicyBook>();
        services.AddSingleton<RpoTerms>();
        services.AddSingleton<AutoAssignmentRun>();
        services.AddSingleton<CleanUps>();
        services.AddSingleton<BusyMachines>();
        services.AddSingleton<DestinationRefresh>();
        services.AddSingleton<RepositoryReconciliation>();
        services.AddSingleton<NodeLives>();
        services.AddSingleton<RateMeter>();
        services.AddSingleton<NodeMounts>();
        services.AddSingleton<Succession>();
        services.AddSingleton<LostOrders>();
        services.AddSingleton<TaskEndings>();
        services.AddSingleton<TaskCommands>();
        services.AddSingleton<EventClients>();
        services.AddSingleton<TaskChannel>();
        services.AddSingleton(provider => provider.GetRequiredService<TaskChannel>().For(node.Guid));
        services.AddSingleton<NodeAuthority>();
        services.AddSingleton<NodeEnrolment>();
        services.AddSingleton<NodeCalls>();
        services.AddHostedOnce<NodePort>();
        services.AddSingleton<JoinedAppliances>();
        services.AddSingleton<ApplianceCalls>();
        services.AddSingleton<ApplianceQuota>();
        services.AddSingleton<OwnCalls>();
        services.AddHostedOnce<MembershipService>();
        services.AddSingleton<IApplianceFiles, ApplianceFiles>();
        AddKinds(services);
        services.AddSingleton<RetentionRun>();
        services.AddSingleton<SnapshotRetention>();
        services.AddSingleton<ScheduledRuns>();
        services.AddSingleton<RecoveryTimes>();
        services.AddSingleton<IUpkeep, InventoryTimes>();
        services.AddSingleton<IUpkeep, RetentionTimes>();
        services.AddSingleton<IUpkeep, DestinationTimes>();
        services.AddSingleton<IUpkeep, ApplianceBackupTimes>();
        services.AddSingleton<IUpkeep, RpoPass>();
        services.AddSingleton<IUpkeep, Pruning>();
        services.AddSingleton<MountKeeping>();
        services.AddHostedOnce<MountUseLog>();
        services.AddSingleton<IMountUses>(provider => provider.GetRequiredService<MountUseLog>());
        services.AddSingleton<IUpkeep>(provider => provider.GetRequiredService<MountKeeping>());
        services.AddHostedOnce<FollowUps>();
        services.AddHostedOnce<TaskWatch>();
        services.AddHostedOnce<Scheduler>();
        services.AddHostedOnce<Upkeep>();
        services.AddHostedOnce<TelemetryExport>();
    }

    /// <summary>A kind of work is a file in Kinds/ and a line here.</summary>
    private static void AddKinds(IServiceCollection services)
    {
        services.AddSingleton<TaskKinds>();
        services.AddSingleton<TaskKind, ApplianceBackupKind>();
        services.AddSingleton<TaskKind, BackupKind>();
        services.AddSingleton<TaskKind, CollectKind>();
        services.AddSingleton<TaskKind, FileRestoreKind>();
        services.AddSingleton<TaskKind, InventoryKind>();
        services.AddSingleton<TaskKind, MountKind>();
        services.AddSingleton<TaskKind, OldSnapshotsKind>();
        services.AddSingleton<TaskKind, RemovalKind>();
        services.AddSingleton<TaskKind, RestoreKind>();
        services.AddSingleton<TaskKind, SnapshotKind>();
        services.AddSingleton<TaskKind, SnapshotReversionKind>();
        services.AddSingleton<TaskKind, VerifyKind>();
    }

    /// <summary>One object that is asked for and that runs beside the server.</summary>
    private static void AddHostedOnce<TService>(this IServiceCollection services)
        where TService : class, IHostedService
    {
        services.AddSingleton<TService>();
        services.AddHostedService(provider => provider.GetRequiredService<TService>());
    }
}
