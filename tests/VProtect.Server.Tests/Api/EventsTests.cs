using System.Net.Http.Json;
using System.Text.Json;
using VProtect.Server.Api.Events;

namespace VProtect.Server.Tests.Api;

public sealed class EventsTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Changes_are_told_as_they_happen_with_the_whole_task_for_tasks()
    {
        Inventory rows = await Inventory.MakeAsync(server);
        using var patience = new CancellationTokenSource(Patience);
        using StreamReader events = await ListenAsync(server.Client, patience.Token);

        await (await server.Client.PostAsJsonAsync("/api/tasks/export", rows.Export(), patience.Token)).JsonAsync();

        (string _, JsonElement data) = await NextAsync(
            events, (name, data) => name == "tasks" && data.GetProperty("task").GetProperty("type").GetProperty("name").GetString() == "EXPORT", patience.Token);
        Assert.Equal("created", data.GetProperty("change").GetString());
        Assert.Equal(rows.Machine.Name, data.GetProperty("task").GetProperty("protectedEntity").GetProperty("name").GetString());
        await rows.Node.SucceedAsync(await rows.Node.TakeAsync(data.GetProperty("guid").GetString()!), Tasks.ScriptedNode.Backup("p"));
        await NextAsync(events, (name, _) => name == "backups", patience.Token);
        await NextAsync(events, (name, data) => name == "virtual-machines" && data.GetProperty("guid").GetGuid() == rows.Machine.Guid, patience.Token);
    }

    [Fact]
    public async Task Who_comes_back_is_told_to_read_again_and_who_may_not_list_is_told_nothing()
    {
        using var patience = new CancellationTokenSource(Patience);
        var token = await (await server.Client.PostAsJsonAsync("/api/tokens", new { name = "viewer", permissions = new[] { "audit.read" } }, patience.Token)).JsonAsync();
        using HttpClient viewer = server.NewClient();
        viewer.DefaultRequestHeaders.Add("Authorization", $"Bearer {token.GetProperty("token").GetString()}");
        viewer.DefaultRequestHeaders.Add("Last-Event-ID", "7");
        using StreamReader events = await ListenAsync(viewer, patience.Token);
        Assert.Equal("reset", (await NextAsync(events, (_, _) => true, patience.Token)).Name);

        Inventory rows = await Inventory.MakeAsync(server);
        await (await server.Client.PostAsJsonAsync("/api/tasks/export", rows.Export(), patience.Token)).JsonAsync();

        using var moment = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => NextAsync(events, (_, _) => true, moment.Token));
    }

    [Fact]
    public async Task Stream_ends_with_the_session_or_the_token_that_asked_for_it()
    {
        using var patience = new CancellationTokenSource(Patience);
        using HttpClient session = await server.LogInAsync("admin", ServerFixture.Password);
        using HttpClient bearer = server.NewClient();
        var token = await (await server.Client.PostAsJsonAsync(
            "/api/tokens", new { name = "short", permissions = new[] { "audit.read" }, expiresAt = server.Time.GetUtcNow().AddMinutes(20).ToUnixTimeMilliseconds() }, patience.Token)).JsonAsync();
        bearer.DefaultRequestHeaders.Add("Authorization", $"Bearer {token.GetProperty("token").GetString()}");
        using StreamReader bySession = await ListenAsync(session, patience.Token);
        using StreamReader byToken = await ListenAsync(bearer, patience.Token);

        server.Time.Advance(TimeSpan.FromMinutes(25));
        await (await session.GetAsync("/api/user-info", patience.Token)).JsonAsync();
        await (await server.Client.GetAsync("/api/user-info", patience.Token)).JsonAsync();
        await Inventory.MakeAsync(server);
        Assert.DoesNotContain("event:", await byToken.ReadToEndAsync(patience.Token), StringComparison.Ordinal);
        await NextAsync(bySession, (name, _) => name == "virtual-machines", patience.Token);

        server.Time.Advance(TimeSpan.FromMinutes(16));
        await (await server.Client.GetAsync("/api/user-info", patience.Token)).JsonAsync();
        server.Time.Advance(TimeSpan.FromMinutes(16));
        await (await server.Client.GetAsync("/api/user-info", patience.Token)).JsonAsync();
        Inventory unheard = await Inventory.MakeAsync(server);
        Assert.DoesNotContain(unheard.Machine.Guid.ToString(), await bySession.ReadToEndAsync(patience.Token), StringComparison.Ordinal);
    }

    [Fact]
    public void There_is_a_limit_to_those_who_listen()
    {
        var clients = new EventClients();
        EventClients.Place last = clients.Enter();
        for (int i = 1; i < EventClients.Max; i++)
        {
            clients.Enter();
        }

        Assert.Equal(VProtect.Abstractions.RetryAdvice.Later, Assert.Throws<VProtect.Abstractions.VProtectException>(clients.Enter).Retry);
        last.Dispose();
        clients.Enter().Dispose();
    }

    private static async Task<StreamReader> ListenAsync(HttpClient client, CancellationToken cancellationToken)
    {
        HttpResponseMessage answer = await client.GetAsync("/api/events", HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken));
        Assert.Equal(": listening", await reader.ReadLineAsync(cancellationToken));
        return reader;
    }

    private static async Task<(string Name, JsonElement Data)> NextAsync(
        StreamReader events, Func<string, JsonElement, bool> isWanted, CancellationToken cancellationToken)
    {
        string name = "";
        while (await events.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                name = line[7..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                JsonElement data = JsonSerializer.Deserialize<JsonElement>(line[6..]);
                if (isWanted(name, data))
                {
                    return (name, data);
                }
            }
        }

        throw new InvalidOperationException("The stream has ended.");
    }
}
