using VProtect.Server.Api.Appliances;
using VProtect.Server.Api.Audit;
using VProtect.Server.Api.Backups;
using VProtect.Server.Api.Credentials;
using VProtect.Server.Api.Dashboard;
using VProtect.Server.Api.Destinations;
using VProtect.Server.Api.Events;
using VProtect.Server.Api.Groups;
using VProtect.Server.Api.Hypervisors;
using VProtect.Server.Api.Machines;
using VProtect.Server.Api.MailingLists;
using VProtect.Server.Api.Mounts;
using VProtect.Server.Api.Nodes;
using VProtect.Server.Api.Policies;
using VProtect.Server.Api.Recovery;
using VProtect.Server.Api.Retention;
using VProtect.Server.Api.Roles;
using VProtect.Server.Api.Schedules;
using VProtect.Server.Api.ServerCertificates;
using VProtect.Server.Api.Session;
using VProtect.Server.Api.Settings;
using VProtect.Server.Api.Support;
using VProtect.Server.Api.Tasks;
using VProtect.Server.Api.Telemetry;
using VProtect.Server.Api.Tokens;
using VProtect.Server.Api.UserDirectories;
using VProtect.Server.Api.Users;
using VProtect.Server.Api.Workflows;

namespace VProtect.Server.Api;

/// <summary>The URL tree under /api: a folder and a line for each area.</summary>
internal static class ApiMap
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        RouteGroupBuilder api = endpoints.MapGroup("/api");
        ApplianceApi.Map(api);
        AppliancesApi.Map(api);
        AuditApi.Map(api);
        BackupPartsApi.Map(api);
        BackupsApi.Map(api);
        ChargebackApi.Map(api);
        ChecksApi.Map(api);
        CredentialsApi.Map(api);
        DashboardApi.Map(api);
        DestinationsApi.Map(api);
        DirectoryApi.Map(api);
        DisksApi.Map(api);
        EventsApi.Map(api);
        ForecastApi.Map(api);
        GroupsApi.Map(api);
        HypervisorsApi.Map(api);
        MachinesApi.Map(api);
        MailingListsApi.Map(api);
        ManagersApi.Map(api);
        MountsApi.Map(api);
        MountedFilesApi.Map(api);
        FileRestoreApi.Map(api);
        NodeConfigsApi.Map(api);
        NodesApi.Map(api);
        PlatformPartsApi.Map(api);
        PoliciesApi.Map(api);
        RecoveryPlansApi.Map(api);
        RetentionApi.Map(api);
        RoleAssignmentsApi.Map(api);
        RolesApi.Map(api);
        RulesApi.Map(api);
        SchedulesApi.Map(api);
        SecondFactorApi.Map(api);
        ServerCertificateApi.Map(api);
        SessionApi.Map(api);
        SessionsApi.Map(api);
        SettingsApi.Map(api);
        SnapshotsApi.Map(api);
        SupportApi.Map(api);
        TaskCreationApi.Map(api);
        TasksApi.Map(api);
        TelemetryApi.Map(api);
        TokensApi.Map(api);
        UsersApi.Map(api);
        WorkflowExecutionsApi.Map(api);
    }
}
