namespace VProtect.Nbd.Server;

/// <summary>Which metadata contexts a client means by its queries.</summary>
internal static class MetaContexts
{
    /// <summary>Contexts of an export with their numbers, in the export's order.</summary>
    /// <param name="offered">What the export has; a context's number is its place, counted from 1.</param>
    /// <param name="queries">What the client asks: names, and when listing also namespaces (<c>base:</c>).</param>
    /// <param name="isListing">Whether it only wants to see: then no query means everything.</param>
    public static List<(uint Number, string Name)> Choose(IReadOnlyList<string> offered, IReadOnlyCollection<string> queries, bool isListing)
    {
        var chosen = new List<(uint, string)>();
        for (int i = 0; i < offered.Count; i++)
        {
            string name = offered[i];
            bool wanted = isListing && queries.Count == 0
                || queries.Any(query => query == name || (isListing && query.EndsWith(':') && name.StartsWith(query, StringComparison.Ordinal)));
            if (wanted)
            {
                chosen.Add(((uint)i + 1, name));
            }
        }

        return chosen;
    }
}
