using VProtect.Server.Api.Audit;
using VProtect.Server.Api.Credentials;
using VProtect.Server.Api.MailingLists;
using VProtect.Server.Api.Nodes;
using VProtect.Server.Api.Policies;
using VProtect.Server.Api.Schedules;
using VProtect.Server.Api.ServerCertificates;
using VProtect.Server.Api.Session;
using VProtect.Server.Api.Settings;
using VProtect.Server.Api.Tokens;
using VProtect.Server.Api.Users;

namespace VProtect.Server.Api;

/// <summary>The URL tree under /api: a folder and a line for each area.</summary>
internal static class ApiMap
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        RouteGroupBuilder api = endpoints.MapGroup("/api");
        AuditApi.Map(api);
        CredentialsApi.Map(api);
        MailingListsApi.Map(api);
        NodeConfigsApi.Map(api);
        NodesApi.Map(api);
        PoliciesApi.Map(api);
        RulesApi.Map(api);
        SchedulesApi.Map(api);
        ServerCertificateApi.Map(api);
        SessionApi.Map(api);
        SettingsApi.Map(api);
        TokensApi.Map(api);
        UsersApi.Map(api);
    }
}
