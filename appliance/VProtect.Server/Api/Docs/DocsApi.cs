using System.Buffers.Text;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace VProtect.Server.Api.Docs;

/// <summary>What the API says about itself, without a session: the OpenAPI document that is checked in beside the code, and a page that shows it.</summary>
internal static class DocsApi
{
    private static readonly Dictionary<string, string> MediaTypes = new(StringComparer.Ordinal)
    {
        ["index.html"] = "text/html; charset=utf-8",
        ["docs.css"] = "text/css; charset=utf-8",
        ["docs.js"] = "text/javascript; charset=utf-8",
    };

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        Serve(endpoints, "/openapi/v1.json", "openapi.json", "application/json");
        Serve(endpoints, "/api-docs", "index.html", MediaTypes["index.html"]);
        foreach ((string file, string type) in MediaTypes.Where(pair => pair.Key != "index.html"))
        {
            Serve(endpoints, $"/api-docs/{file}", file, type);
        }
    }

    private static void Serve(IEndpointRouteBuilder endpoints, string path, string file, string type)
    {
        byte[] bytes = Read(file);
        var tag = new EntityTagHeaderValue($"\"{Base64Url.EncodeToString(SHA256.HashData(bytes))[..16]}\"");
        endpoints.MapGet(path, () => TypedResults.Bytes(bytes, type, entityTag: tag)).AllowAnonymous().ExcludeFromDescription();
    }

    private static byte[] Read(string file)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"VProtect.Server.Api.{file}")
            ?? throw new InvalidOperationException($"{file} is not built in.");
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
