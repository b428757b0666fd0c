using System.Buffers.Text;
using System.Text.Json;
using VProtect.Abstractions;

namespace VProtect.Catalog.Sql;

/// <summary>Where a page ended: the sort column's value and the identity of its last row.</summary>
/// <param name="Column">Sort column, so that a cursor is not used with another order.</param>
/// <param name="Number">Value, if it is a number.</param>
/// <param name="Text">Value, if it is text. Both null: the row had none.</param>
/// <param name="Guid">Identity.</param>
internal sealed record ListCursor(string Column, long? Number, string? Text, Guid Guid)
{
    public static ListCursor Parse(string cursor, SortColumn sort)
    {
        try
        {
            ListCursor? parsed = JsonSerializer.Deserialize<ListCursor>(Base64Url.DecodeFromChars(cursor));
            if (parsed is not null && parsed.Column == sort.Column && (sort.Text ? parsed.Number is null : parsed.Text is null))
            {
                return parsed;
            }
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            // Told below.
        }

        throw new VProtectException(
            ErrorCode.InvalidArgument, ErrorSide.Request, "The cursor does not belong to this list.", "Begin with the first page, and keep filter and order.");
    }

    public override string ToString() => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(this));

    /// <summary>The condition of the rows behind it. Rows without a value are the smallest.</summary>
    public SqlText Condition(SqlText column, SqlText guid, SortDirection direction, bool nullable)
    {
        if (Number is null && Text is null)
        {
            return direction == SortDirection.Asc
                ? SqlText.Of($"(({column} IS NULL AND {guid} > {Guid}) OR {column} IS NOT NULL)")
                : SqlText.Of($"({column} IS NULL AND {guid} < {Guid})");
        }

        SqlText value = Text is null ? SqlText.Of($"{Number}") : SqlText.Of($"{Text}");
        return direction == SortDirection.Asc
            ? SqlText.Of($"({column}, {guid}) > ({value}, {Guid})")
            : SqlText.Of($"(({column}, {guid}) < ({value}, {Guid}){(nullable ? SqlText.Of($" OR {column} IS NULL") : SqlText.Raw(""))})");
    }
}
