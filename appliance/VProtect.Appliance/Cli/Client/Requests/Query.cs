namespace VProtect.Appliance.Cli.Client.Requests;

/// <summary>A path with parameters.</summary>
internal static class Query
{
    /// <summary>Adds those that have a value.</summary>
    public static string With(string path, params IEnumerable<(string Name, string? Value)> parameters)
    {
        string query = string.Join("&", parameters.Where(pair => pair.Value is not null).Select(pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value!)}"));
        return query.Length == 0 ? path : $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{query}";
    }
}
