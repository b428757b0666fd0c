using System.Net;
using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Requests;

/// <summary>Finds the object that somebody means: by guid, by its whole name, or, where things have no names, by the last digits of the guid.</summary>
internal static class ObjectNames
{
    private const int NearMax = 5;
    private const int ShortIdMin = 4;

    /// <summary>Ids are looked for among the newest objects only: a catalog may hold millions.</summary>
    private const int ShortIdRowsMax = 10_000;

    /// <param name="api">The server.</param>
    /// <param name="resource">Kind of object.</param>
    /// <param name="typed">Name or guid.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="VProtectException"><see cref="ErrorCode.ObjectUnknown"/>: none is called so, or several are.</exception>
    public static async Task<JsonElement> FindAsync(ApiClient api, Resource resource, string typed, CancellationToken cancellationToken)
    {
        if (Guid.TryParse(typed, out Guid guid))
        {
            return await GetAsync(api, resource, guid, cancellationToken);
        }

        return resource.NameMember is null
            ? await FindByIdAsync(api, resource, typed, cancellationToken)
            : await FindByNameAsync(api, resource, resource.NameMember, typed, cancellationToken);
    }

    /// <summary>The guid of an object.</summary>
    public static string GuidOf(JsonElement item) => item.Text("guid") ?? throw new VProtectException(
        ErrorCode.AnswerInvalid, ErrorSide.Request, "The server named an object without a guid.", "Server and command line may be of different versions.");

    private static async Task<JsonElement> GetAsync(ApiClient api, Resource resource, Guid guid, CancellationToken cancellationToken)
    {
        if (resource.HasSingle)
        {
            try
            {
                return (await api.GetAsync(resource.PathOf(guid.ToString()), cancellationToken)).Body;
            }
            catch (ServerAnswerException exception) when (exception.Status == HttpStatusCode.NotFound && exception.Code != ErrorCode.NoSuchEndpoint)
            {
                throw Unknown(resource, guid.ToString(), []);
            }
        }

        ObjectList all = await ObjectList.ReadAsync(api, resource, [], limit: 0, cancellationToken);
        JsonElement found = all.Rows.FirstOrDefault(row => row.Text("guid") == guid.ToString());
        return found.ValueKind == JsonValueKind.Object ? found : throw Unknown(resource, guid.ToString(), []);
    }

    private static async Task<JsonElement> FindByNameAsync(ApiClient api, Resource resource, string member, string typed, CancellationToken cancellationToken)
    {
        ObjectList near = await ObjectList.ReadAsync(api, resource, [("filter", typed)], limit: 1000, cancellationToken);
        List<JsonElement> exact = [.. near.Rows.Where(row => row.Text(member) == typed)];
        if (exact.Count == 0)
        {
            exact = [.. near.Rows.Where(row => string.Equals(row.Text(member), typed, StringComparison.OrdinalIgnoreCase))];
        }

        if (exact.Count == 1)
        {
            return exact[0];
        }

        if (exact.Count > 1)
        {
            throw new VProtectException(
                ErrorCode.ObjectUnknown, ErrorSide.Request, $"{exact.Count} have the name '{typed}' of a {resource.Noun}.",
                $"Name one by its guid: {string.Join(", ", exact.Take(NearMax).Select(GuidOf))}{(exact.Count > NearMax ? " …" : "")}");
        }

        IEnumerable<string> names = near.Rows.Select(row => row.Text(member)).OfType<string>();
        if (near.Rows.Count == 0)
        {
            ObjectList some = await ObjectList.ReadAsync(api, resource, [], limit: 1000, cancellationToken);
            names = some.Rows.Select(row => row.Text(member)).OfType<string>().Where(name => Nearness.IsNear(name, typed));
        }

        throw Unknown(resource, typed, [.. names.Take(NearMax)]);
    }

    private static async Task<JsonElement> FindByIdAsync(ApiClient api, Resource resource, string typed, CancellationToken cancellationToken)
    {
        string digits = typed.ToLowerInvariant();
        if (digits.Length < ShortIdMin || !digits.All(c => char.IsAsciiHexDigitLower(c) || c == '-'))
        {
            throw Unknown(resource, typed, []);
        }

        List<JsonElement> found = [];
        int seen = 0;
        await foreach ((IReadOnlyList<JsonElement> rows, _) in ObjectList.PagesAsync(api, resource, [], 1000, cancellationToken))
        {
            found.AddRange(rows.Where(row => row.Text("guid")?.EndsWith(digits, StringComparison.Ordinal) == true));
            seen += rows.Count;
            if (seen >= ShortIdRowsMax)
            {
                break;
            }
        }

        return found.Count switch
        {
            1 => found[0],
            0 => throw Unknown(resource, typed, []),
            _ => throw new VProtectException(
                ErrorCode.ObjectUnknown, ErrorSide.Request, $"'{typed}' are the last digits of {found.Count} {resource.Noun}s.",
                $"Give more of it: {string.Join(", ", found.Take(NearMax).Select(GuidOf))}"),
        };
    }

    private static VProtectException Unknown(Resource resource, string typed, IReadOnlyList<string> near) => new(
        ErrorCode.ObjectUnknown, ErrorSide.Request, $"There is no {resource.Noun} '{typed}'.",
        near.Count == 0 ? $"'vprotect {resource.ListVerb}' shows what there is." : $"Did you mean: {string.Join(", ", near)}?");
}
