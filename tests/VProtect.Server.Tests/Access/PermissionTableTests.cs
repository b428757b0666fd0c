using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using VProtect.Server.Access;

namespace VProtect.Server.Tests.Access;

/// <summary>Each endpoint asks for what the table in <c>appliance/VProtect.Server/Access/README.md</c> says.</summary>
public sealed class PermissionTableTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    /// <summary>What is no GET, and changes nothing: questions whose terms do not fit into a URL, and checks.</summary>
    private static readonly string[] Questions =
    [
        "POST /api/appliance/check", "POST /api/audit/verify", "POST /api/backup-destinations/usable-for-vms", "POST /api/chargeback-reporting/backup-size/vm",
        "POST /api/chargeback-reporting/transfer-size/vm", "POST /api/dashboard/report-email", "POST /api/dashboard/report-html", "POST /api/dashboard/report-pdf",
        "POST /api/policies/vm-backup/list-by-entities", "POST /api/policies/vm-snapshot/list-by-entities", "POST /api/recovery-plans/{guid:guid}/check",
        "POST /api/retention/mark-backups/preview", "POST /api/retention/simulate",
        "POST /api/tasks/{guid:guid}/retry", // asks for what the task's kind asks for, by itself
    ];

    [Fact]
    public void Every_endpoint_asks_for_a_permission_of_its_row()
    {
        List<Row> rows = Table();
        var seen = new HashSet<string>();
        List<string> questions = [];
        foreach ((string verb, string path, string permission) in Endpoints())
        {
            string area = "/" + path.Replace("/api/", "/", StringComparison.Ordinal).Split('/')[1];
            Row row = Assert.Single(rows, row => row.Calls.Contains(area));
            bool isQuestion = verb == "GET" || Questions.Contains($"{verb} {path}");
            Assert.True((isQuestion ? row.See : row.Do).Contains(permission), $"{verb} {path} asks for {permission}, which is not in the row '{row.Area}'.");
            seen.Add(area);
            if (verb != "GET" && isQuestion)
            {
                questions.Add($"{verb} {path}");
            }
        }

        Assert.Equal(rows.SelectMany(row => row.Calls).Order(), seen.Order());
        Assert.Equal(Questions.Order(), questions.Order());
    }

    [Fact]
    public void Every_permission_of_the_table_is_one_and_every_one_is_in_it_or_is_made_of_those()
    {
        List<string> named = [.. Table().SelectMany(row => row.See.Concat(row.Do)).Distinct()];
        Assert.All(named, name => Assert.True(name == Permission.Self || Permissions.Find(name) is not null, name));
        Assert.All(
            Permissions.All.Select(info => info.Name).Except(named),
            name => Assert.True(
                name is Permission.TokensRead or Permission.TokensWrite || named.Any(one => Permissions.Includes(name, one)), $"{name} is asked for by nothing."));
    }

    private IEnumerable<(string Verb, string Path, string Permission)> Endpoints() =>
        from endpoint in server.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        let required = endpoint.Metadata.GetMetadata<RequiredPermission>()
        where required is not null
        from verb in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]
        select (verb, "/" + endpoint.RoutePattern.RawText!.Trim('/'), required.Permission);

    private static List<Row> Table([CallerFilePath] string here = "")
    {
        string text = File.ReadAllText(Path.Join(Path.GetDirectoryName(here), "../../../appliance/VProtect.Server/Access/README.md"));
        return
        [
            .. text.Split("## Permissions by area")[1].Split("\n## ")[0].Split('\n')
                .Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(1)
                .Select(line => line.Split('|')).Select(cells => new Row(cells[1].Trim(), Words(cells[2]), Words(cells[3]), Words(cells[4]))),
        ];
    }

    private static string[] Words(string cell) => cell.Split([' ', '`'], StringSplitOptions.RemoveEmptyEntries);

    private sealed record Row(string Area, string[] Calls, string[] See, string[] Do);
}
