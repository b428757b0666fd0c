using System.Globalization;

namespace VProtect.Server.Api.Shared;

/// <summary>A row's version as ETag and If-Match: <c>"3"</c>.</summary>
internal static class RowVersion
{
    public static void Tell(HttpContext context, long version) =>
        context.Response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    /// <summary>The version that the client has seen; null when it does not say, or says that any will do.</summary>
    public static long? Expected(HttpContext context)
    {
        string header = context.Request.Headers.IfMatch.ToString().Trim();
        if (header is "" or "*")
        {
            return null;
        }

        return header.Length > 2 && header[0] == '"' && header[^1] == '"'
            && long.TryParse(header.AsSpan(1, header.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out long version)
            ? version
            : throw new InvalidFieldException("If-Match", "The header is no version.", "Send back the ETag of the object as it was given, with its quotes.");
    }
}
