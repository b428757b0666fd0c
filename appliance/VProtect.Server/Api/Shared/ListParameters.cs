using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Catalog.Sql;

namespace VProtect.Server.Api.Shared;

/// <summary>What every list understands; bind it with <c>[AsParameters]</c>.</summary>
/// <param name="Page">Number of the page, from 0.</param>
/// <param name="Size">Rows of a page; 50 when only a page is asked for. Without both, everything up to <see cref="ListQuery.SizeMax"/>.</param>
/// <param name="Filter">Text that the name contains.</param>
/// <param name="OrderBy">Field to sort by.</param>
/// <param name="Direction"><c>asc</c> or <c>desc</c>.</param>
/// <param name="After">The header X-Next-Cursor of the page before, in place of a page's number.</param>
internal sealed record ListParameters(int? Page, int? Size, string? Filter, string? OrderBy, string? Direction, string? After)
{
    public ListQuery ToQuery()
    {
        if (Page is < 0)
        {
            throw new InvalidFieldException("page", "The page's number is negative.", "Pages are numbered from 0.");
        }

        if (Size is < 1 or > ListQuery.SizeMax)
        {
            throw new InvalidFieldException("size", "A page of this size is not given.", $"Ask for 1 to {ListQuery.SizeMax} rows.");
        }

        return new ListQuery
        {
            Page = Page ?? 0,
            Size = Size ?? (Page is null && After is null ? ListQuery.SizeMax : 50),
            Filter = Filter,
            OrderBy = OrderBy,
            Direction = Direction?.ToLowerInvariant() switch
            {
                null or "" => null,
                "asc" => SortDirection.Asc,
                "desc" => SortDirection.Desc,
                _ => throw new InvalidFieldException("direction", $"'{Direction}' is no direction.", "Use asc or desc."),
            },
            After = After,
        };
    }

    /// <summary>The page as a plain array; the number of all matches and the next page's cursor are headers.</summary>
    public static Ok<List<TView>> Answer<TRow, TView>(HttpContext context, ListPage<TRow> page, Func<TRow, TView> view)
    {
        context.Response.Headers["X-Total-Count"] = page.Total.ToString(CultureInfo.InvariantCulture);
        if (page.Next is not null)
        {
            context.Response.Headers["X-Next-Cursor"] = page.Next;
        }

        return TypedResults.Ok(page.Rows.Select(view).ToList());
    }
}
