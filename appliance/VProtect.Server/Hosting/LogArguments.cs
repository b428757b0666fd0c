namespace VProtect.Server.Hosting;

/// <summary>What an event of the log was told with, by name.</summary>
internal static class LogArguments
{
    private const string Template = "{OriginalFormat}";

    /// <summary>The message before its arguments were put in, null when there is none, and the arguments.</summary>
    public static (string? Template, IReadOnlyList<KeyValuePair<string, object?>> Named) Of<TState>(TState state) =>
        state is IReadOnlyList<KeyValuePair<string, object?>> pairs
            ? (pairs.FirstOrDefault(pair => pair.Key == Template).Value as string, [.. pairs.Where(pair => pair.Key != Template)])
            : (null, []);

    /// <summary>What it happened in: the innermost wins where several name the same.</summary>
    public static IReadOnlyDictionary<string, object?> Scope(IExternalScopeProvider scopes)
    {
        var named = new Dictionary<string, object?>(StringComparer.Ordinal);
        scopes.ForEachScope(
            static (scope, into) =>
            {
                foreach ((string name, object? value) in scope as IEnumerable<KeyValuePair<string, object?>> ?? [])
                {
                    into[name] = value;
                }
            },
            named);
        named.Remove(Template);
        return named;
    }
}
