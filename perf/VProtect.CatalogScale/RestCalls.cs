using System.Globalization;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using VProtect.Server;

namespace VProtect.CatalogScale;

/// <summary>
/// The list calls as clients make them: HTTPS to Kestrel over the loopback, session, database, JSON, and the answer parsed. Client and server are this process,
/// so CPU is both halves.
/// </summary>
internal sealed class RestCalls(Generator data, string directory, int iterations)
{
    private const string Password = "correct horse battery 9";
    private readonly Random _random = new(7);

    /// <summary>Runs all; returns the worst p99.</summary>
    public async Task<double> RunAsync()
    {
        string firstPassword = "";
        var options = new ServerOptions { DataPath = directory, Urls = ["https://127.0.0.1:0"], FirstPassword = password => firstPassword = password };
        await using WebApplication app = await ServerHost.BuildAsync(options, CancellationToken.None);
        await app.StartAsync();
        using var known = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(Path.Join(directory, "tls", "server.crt")));
        var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == known.Thumbprint,
            },
        };
        using var client = new HttpClient(handler) { BaseAddress = new Uri(app.Urls.First()) };
        await LogInAsync(client, firstPassword);
        var table = new CallTable(iterations);
        foreach ((string name, Func<string> path) in All())
        {
            await table.MeasureAsync(name, async () =>
            {
                using HttpResponseMessage answer = await client.GetAsync(new Uri(path(), UriKind.Relative));
                JsonElement rows = await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>();
                long total = answer.Headers.TryGetValues("X-Total-Count", out IEnumerable<string>? all) ? long.Parse(all.First(), CultureInfo.InvariantCulture) : 0;
                return (rows.ValueKind == JsonValueKind.Array ? rows.GetArrayLength() : 1, total);
            });
        }

        await app.StopAsync();
        return table.WorstMilliseconds;
    }

    private static async Task LogInAsync(HttpClient client, string firstPassword)
    {
        using HttpResponseMessage answer = await client.PostAsJsonAsync("/api/session/login", new { login = "admin", password = firstPassword });
        JsonElement session = await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>();
        client.DefaultRequestHeaders.Add("X-CSRF-Token", session.GetProperty("csrfToken").GetString());
        (await client.PutAsJsonAsync("/api/session/password", new { currentPassword = firstPassword, newPassword = Password })).EnsureSuccessStatusCode();
    }

    private IEnumerable<(string Name, Func<string> Path)> All()
    {
        foreach (string order in (string[])["name", "lastBackup", "provisionedSize"])
        {
            yield return ($"virtual-machines by {order}, any page", () => $"/api/virtual-machines?page={_random.Next(data.Machines.Length / 50)}&size=50&orderBy={order}");
        }

        yield return ("virtual-machines, filter of a fifth", () => "/api/virtual-machines?page=0&size=50&filter=web");
        yield return ("virtual-machines, rare filter", () => $"/api/virtual-machines?page=0&size=50&filter={_random.Next(10_000):d5}");
        yield return ("virtual-machines of a policy", () => $"/api/virtual-machines?page=0&size=50&policy={Any(data.Policies).Guid}");
        yield return ("virtual-machines, detailed", () => $"/api/virtual-machines/detailed?page={_random.Next(data.Machines.Length / 50)}&size=50");
        yield return ("backups, first pages", () => $"/api/backups?page={_random.Next(20)}&size=50");
        yield return ("backups, any page", () => $"/api/backups?page={_random.Next(data.Points / 50)}&size=50");
        yield return ("backups of a machine", () => $"/api/backups?protected-entity={Any(data.Machines).Guid}");
        yield return ("backups failed", () => "/api/backups?page=0&size=50&status=FAILED");
        yield return ("tasks, first pages", () => $"/api/tasks?page={_random.Next(20)}&size=50");
        yield return ("tasks of a machine", () => $"/api/tasks?page=0&size=50&protectedEntity={Any(data.Machines).Guid}");
        yield return ("tasks queued", () => "/api/tasks?page=0&size=50&state=QUEUED");
        yield return ("policies", () => "/api/policies/vm-backup?page=0&size=50");
        yield return ("hypervisors", () => "/api/hypervisors?page=0&size=50");
        yield return ("backup-destinations", () => "/api/backup-destinations");
        yield return ("dashboard, protection", () => "/api/dashboard/protection");
        yield return ("dashboard, backup-stats", () => "/api/dashboard/backup-stats");
    }

    private T Any<T>(T[] of) => of[_random.Next(of.Length)];
}
