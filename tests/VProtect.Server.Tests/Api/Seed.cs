using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using VProtect.Catalog;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;

namespace VProtect.Server.Tests.Api;

/// <summary>What tests of the API find in the catalog, and how they speak to a resource.</summary>
internal static class Seed
{
    public static CatalogDatabase Catalog(this ServerFixture server) => server.App.Services.GetRequiredService<CatalogDatabase>();

    public static async Task WriteAsync(this ServerFixture server, Func<CatalogTransaction, Task> change)
    {
        await using CatalogTransaction transaction = await server.Catalog().BeginAsync(default);
        await change(transaction);
        await transaction.CommitAsync(default);
    }

    public static async Task<T> ReadAsync<T>(this ServerFixture server, Func<CatalogSession, Task<T>> read)
    {
        await using CatalogSession session = await server.Catalog().ReadAsync(default);
        return await read(session);
    }

    public static async Task<Machine> MachineAsync(this ServerFixture server, string name, Func<Machine, Machine>? with = null, params string[] tags)
    {
        var machine = new Machine { Name = name, Uuid = $"uuid-{name}", Platform = "KVM", FirstSeenAt = DateTimeOffset.UnixEpoch };
        machine = with?.Invoke(machine) ?? machine;
        await server.WriteAsync(async transaction =>
        {
            await transaction.Machines.InsertAsync(machine, default);
            await transaction.Machines.SetTagsAsync(machine.Guid, tags, default);
        });
        return machine;
    }

    public static async Task<Destination> DestinationAsync(this ServerFixture server, string name)
    {
        var destination = new Destination { Name = name, Type = "FILESYSTEM", Settings = """{"path":"/backup"}""", VisibleForAll = true };
        await server.WriteAsync(transaction => transaction.Destinations.InsertAsync(destination, default));
        return destination;
    }

    /// <summary>Makes an object; returns it with its path and version.</summary>
    public static async Task<(JsonElement Object, string Path, string Version)> MadeAsync(this HttpClient client, string path, object body)
    {
        using HttpResponseMessage answer = await client.PostAsJsonAsync(path, body);
        JsonElement made = await answer.JsonAsync();
        Assert.Equal(System.Net.HttpStatusCode.Created, answer.StatusCode);
        return (made, answer.Headers.Location!.ToString(), answer.Headers.ETag!.Tag);
    }

    public static async Task<JsonElement> GotAsync(this HttpClient client, string path)
    {
        using HttpResponseMessage answer = await client.GetAsync(path);
        return await answer.JsonAsync();
    }

    public static async Task<JsonElement> PutAsync(this HttpClient client, string path, object body)
    {
        using HttpResponseMessage answer = await client.PutAsJsonAsync(path, body);
        return await answer.JsonAsync();
    }

    /// <summary>The field that a refusal names.</summary>
    public static async Task<string?> RefusedFieldAsync(this HttpResponseMessage answer)
    {
        using (answer)
        {
            return (await answer.ProblemAsync(System.Net.HttpStatusCode.BadRequest, 2001)).GetProperty("field").GetString();
        }
    }

    public static string? Text(this JsonElement element, string name) => element.GetProperty(name).GetString();

    /// <summary>The name of an enumeration's member, or of a reference.</summary>
    public static string? NameOf(this JsonElement element, string name) => element.GetProperty(name).GetProperty("name").GetString();

    public static IEnumerable<string?> NamesOf(this JsonElement list) => list.EnumerateArray().Select(one => one.Text("name"));
}
