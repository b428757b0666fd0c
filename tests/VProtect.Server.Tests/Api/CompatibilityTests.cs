using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace VProtect.Server.Tests.Api;

/// <summary>Every call that clients of old know reaches an endpoint here.</summary>
public sealed partial class CompatibilityTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    /// <summary>The calls, by area: verbs (G get, P post, U put, D delete) and path.</summary>
    private static readonly string[] Calls =
    [
        "P /session/login", "P /session/logout", "G /user-info",
        "G /virtual-machines", "G /virtual-machines/detailed", "G /virtual-machines/{guid}", "U /virtual-machines/{guid}/settings",
        "U /virtual-machines/{guid}/ssh-password", "D /virtual-machines/all-non-present", "P /virtual-machines/incremental-not-possible",
        "G /virtual-machine-disks", "U /virtual-machine-disks/{guid}/settings", "G /virtual-machine-flavors", "G /snapshots", "G /network", "G /network/shared",
        "GP /hypervisors", "GUD /hypervisors/{guid}", "GP /hypervisor-managers", "GUD /hypervisor-managers/{guid}", "G /hypervisor-clusters", "G /hypervisor-storages",
        "GP /credential", "GUD /credential/{guid}",
        "G /nodes", "G /node-configurations",
        "GP /backup-destinations", "GUD /backup-destinations/{guid}", "P /backup-destinations/usable-for-vms",
        "G /tasks", "GD /tasks/{guid}", "U /tasks/{guid}/state", "D /tasks/all-finished", "D /tasks/all-finished-and-queued", "D /tasks/all-running",
        "P /tasks/export", "P /tasks/restore", "P /tasks/restore-and-import", "P /tasks/restore-and-mount", "P /tasks/mount", "P /tasks/unmount",
        "P /tasks/vm-snapshot", "P /tasks/inventory-sync", "P /tasks/delete",
        "G /workflow-executions", "D /workflow-executions/{guid}",
        "G /backups", "G /backups/{guid}", "U /backups/{guid}/description", "U /backups/{guid}/warnings-acknowledged", "G /backup-files",
        "G /backup-files/detailed/for-restore", "G /backup-locations", "G /file-systems", "G /restore-jobs", "P /retention/mark-backups/preview", "P /retention/mark-backups",
        "G /mounted-backups", "G /mounted-backups/{guid}", "G /mounted-file-systems/detailed", "G /mounted-files", "P /mounted-file-systems/{guid}/listing",
        "P /mounted-file-systems/{guid}/download",
        "GP /policies/vm-backup", "GUD /policies/vm-backup/{guid}", "GP /policies/vm-snapshot", "GUD /policies/vm-snapshot/{guid}", "P /policies/vm-backup/list-by-entities",
        "GP /rules/vm-backup", "GUD /rules/vm-backup/{guid}", "GP /rules/vm-snapshot", "GUD /rules/vm-snapshot/{guid}",
        "GP /schedules", "GUD /schedules/{guid}",
        "G /dashboard/protection", "G /dashboard/backup-stats", "G /dashboard/staging-space", "G /dashboard/backup-destination-stats", "G /dashboard/report",
        "G /dashboard/vm-backup-size-stats", "P /dashboard/report-pdf", "P /dashboard/report-html", "P /dashboard/report-email",
        "P /chargeback-reporting/backup-size/vm", "P /chargeback-reporting/transfer-size/vm",
        "GU /global-settings", "GP /mailing-lists", "GUD /mailing-lists/{guid}",
    ];

    [Fact]
    public void Every_call_has_an_endpoint()
    {
        HashSet<string> there =
        [
            .. from endpoint in server.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
               from verb in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []
               select $"{verb} /{Constraint().Replace(endpoint.RoutePattern.RawText!.Trim('/'), "{guid}")}",
        ];
        Assert.DoesNotContain(All().Select(call => $"{call.Verb} /api{call.Path}"), call => !there.Contains(call));
    }

    /// <summary>Asked for something that is not there, with a body that says nothing: whatever is answered, it is not that the call is unknown.</summary>
    [Fact]
    public async Task Every_call_is_routed()
    {
        using HttpClient client = await server.LogInAsync("admin", ServerFixture.Password);
        foreach ((string verb, string path) in All().Where(call => call.Path is not ("/session/logout" or "/session/login")))
        {
            using var request = new HttpRequestMessage(new HttpMethod(verb), "/api" + path.Replace("{guid}", Guid.NewGuid().ToString(), StringComparison.Ordinal));
            if (verb is "POST" or "PUT")
            {
                request.Content = JsonContent.Create(new { });
            }

            using HttpResponseMessage answer = await client.SendAsync(request);
            string text = await answer.Content.ReadAsStringAsync();
            Assert.True((int)answer.StatusCode < 500, $"{verb} {path}: {text}");
            if (!answer.IsSuccessStatusCode)
            {
                Assert.NotEqual(5010, JsonSerializer.Deserialize<JsonElement>(text).GetProperty("code").GetInt32());
            }
        }
    }

    private static IEnumerable<(string Verb, string Path)> All() =>
        from call in Calls
        let parts = call.Split(' ')
        from verb in parts[0]
        select (verb switch { 'G' => "GET", 'P' => "POST", 'U' => "PUT", _ => "DELETE" }, parts[1]);

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Constraint();
}
