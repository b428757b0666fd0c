using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Requests;

/// <summary>Objects of a list, page by page.</summary>
/// <param name="Rows">As many as were wanted.</param>
/// <param name="Total">How many there are; null when the server does not tell.</param>
internal sealed record ObjectList(IReadOnlyList<JsonElement> Rows, long? Total)
{
    private const int PageRows = 1000;

    /// <param name="api">The server.</param>
    /// <param name="resource">What to list.</param>
    /// <param name="parameters">Of the query.</param>
    /// <param name="limit">Rows at most; 0 for all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ObjectList> ReadAsync(
        ApiClient api, Resource resource, IReadOnlyList<(string Name, string? Value)> parameters, int limit, CancellationToken cancellationToken)
    {
        List<JsonElement> rows = [];
        long? total = null;
        await foreach ((IReadOnlyList<JsonElement> page, long? told) in PagesAsync(api, resource, parameters, limit == 0 ? PageRows : Math.Min(limit, PageRows), cancellationToken))
        {
            total = told;
            rows.AddRange(limit == 0 ? page : page.Take(limit - rows.Count));
            if (limit > 0 && rows.Count >= limit)
            {
                break;
            }
        }

        return new ObjectList(rows, total);
    }

    /// <summary>Pages as they come; the reader stops when it has seen enough.</summary>
    public static async IAsyncEnumerable<(IReadOnlyList<JsonElement> Rows, long? Total)> PagesAsync(
        ApiClient api, Resource resource, IReadOnlyList<(string Name, string? Value)> parameters, int size, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string path = Query.With(resource.Path + resource.Query, parameters.Append(("size", size.ToString(CultureInfo.InvariantCulture))));
        string? next = null;
        long seen = 0;
        for (int page = 0; ; page++)
        {
            (string, string?)[] place = resource.GoesByBefore ? [("before", next)]
                : next is not null ? [("after", next)] : [("page", page.ToString(CultureInfo.InvariantCulture))];
            ApiAnswer answer = await api.GetAsync(Query.With(path, place), cancellationToken);
            List<JsonElement> rows = [.. answer.Body.Items("")];
            seen += rows.Count;
            next = answer.Next;
            yield return (rows, answer.Total);

            // A list that knows no pages has given everything at once.
            bool isLast = resource.GoesByBefore ? next is null : next is null && (answer.Total is null || seen >= answer.Total);
            if (rows.Count == 0 || isLast)
            {
                yield break;
            }
        }
    }
}
