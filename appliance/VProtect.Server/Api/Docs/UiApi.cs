using System.Buffers.Text;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace VProtect.Server.Api.Docs;

/// <summary>
/// The web UI at <c>/ui/</c>: files that <c>appliance/ui</c> was built to, gzipped and built into the program, without a session. Every path below <c>/ui/</c>
/// that is no file is the page itself, so that links into it work. A program built without the UI answers there as for any unknown path.
/// </summary>
internal static class UiApi
{
    private const string Prefix = "VProtect.Ui/";
    private const string Page = "index.html";

    private static readonly Dictionary<string, string> MediaTypes = new(StringComparer.Ordinal)
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
        [".woff2"] = "font/woff2",
    };

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        Dictionary<string, UiFile> files = Read();
        if (!files.TryGetValue(Page, out UiFile? page))
        {
            return;
        }

        endpoints.MapGet("/", () => TypedResults.Redirect("/ui/")).AllowAnonymous().ExcludeFromDescription();
        endpoints.MapGet("/ui/{**path}", (HttpContext context, string? path) => SendAsync(context, files.GetValueOrDefault(path ?? "", page)))
            .AllowAnonymous().ExcludeFromDescription();
    }

    private static async Task SendAsync(HttpContext context, UiFile file)
    {
        HttpResponse response = context.Response;
        response.Headers.ETag = file.Tag;
        response.Headers.Vary = HeaderNames.AcceptEncoding;

        // The name of an asset holds a hash of what it is.
        response.Headers.CacheControl = file.IsHashed ? "public, max-age=31536000, immutable" : "no-cache";
        if (context.Request.Headers.IfNoneMatch.ToString() == file.Tag)
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = file.MediaType;
        if (context.Request.GetTypedHeaders().AcceptEncoding.Any(coding => coding.Value == "gzip" && coding.Quality != 0))
        {
            response.Headers.ContentEncoding = "gzip";
            response.ContentLength = file.Gzip.Length;
            await response.Body.WriteAsync(file.Gzip, context.RequestAborted);
            return;
        }

        await using var plain = new GZipStream(new MemoryStream(file.Gzip), CompressionMode.Decompress);
        await plain.CopyToAsync(response.Body, context.RequestAborted);
    }

    private static Dictionary<string, UiFile> Read()
    {
        var files = new Dictionary<string, UiFile>(StringComparer.Ordinal);
        Assembly assembly = Assembly.GetExecutingAssembly();
        foreach (string name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using Stream stream = assembly.GetManifestResourceStream(name)!;
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            byte[] gzip = copy.ToArray();
            string path = Path.ChangeExtension(name[Prefix.Length..], null);
            string tag = $"\"{Base64Url.EncodeToString(SHA256.HashData(gzip))[..16]}\"";
            files[path] = new UiFile(gzip, MediaTypes.GetValueOrDefault(Path.GetExtension(path), "application/octet-stream"), tag, path.StartsWith("assets/", StringComparison.Ordinal));
        }

        return files;
    }

    /// <param name="Gzip">Its bytes, gzipped.</param>
    /// <param name="MediaType">What it is.</param>
    /// <param name="Tag">Changes with its bytes.</param>
    /// <param name="IsHashed">Whether its name changes with its bytes.</param>
    private sealed record UiFile(byte[] Gzip, string MediaType, string Tag, bool IsHashed);
}
