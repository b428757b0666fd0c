namespace VProtect.Catalog.Sql;

/// <summary>The conditions of a list; what is null does not limit.</summary>
internal sealed class SqlFilter
{
    private readonly List<Condition> _conditions = [];

    /// <summary>Whether the list has no condition.</summary>
    public bool IsEmpty => _conditions.Count == 0;

    /// <summary>Whether some column must equal a value.</summary>
    public bool HasEquality => _conditions.Exists(condition => condition.IsEquality);

    /// <summary>Whether all conditions are about these columns, so that their counts tell the total.</summary>
    public bool IsOnlyAbout(IReadOnlyList<string> columns) =>
        _conditions.TrueForAll(condition => condition.Column is { } column && columns.Contains(column));

    public SqlFilter Equal<T>(string column, T? value)
    {
        if (value is not null)
        {
            _conditions.Add(new Condition(column, $" = {value}", IsEquality: true));
        }

        return this;
    }

    public SqlFilter In<T>(string column, IReadOnlyCollection<T>? values)
    {
        if (values is { Count: 1 })
        {
            return Equal(column, values.First());
        }

        return values is null ? this : Where(column, $" IN {values}");
    }

    public SqlFilter From(string column, DateTimeOffset? from) => from is { } bound ? Where(column, $" >= {bound}") : this;

    public SqlFilter Before(string column, DateTimeOffset? before) => before is { } bound ? Where(column, $" < {bound}") : this;

    /// <summary>Rows whose <paramref name="column"/>, which holds lower case, contains the text.</summary>
    public SqlFilter Contains(string column, string? text) =>
        string.IsNullOrEmpty(text) ? this : Where(column, $" LIKE {Pattern(text)} ESCAPE '\\'");

    /// <summary>A condition on a column, as it follows the column.</summary>
    public SqlFilter Where(string column, SqlText tail)
    {
        _conditions.Add(new Condition(column, tail, IsEquality: false));
        return this;
    }

    /// <summary>A condition that names its columns itself.</summary>
    public SqlFilter Where(SqlText condition)
    {
        _conditions.Add(new Condition(null, condition, IsEquality: false));
        return this;
    }

    /// <summary>The pattern of LIKE that finds <paramref name="text"/> anywhere.</summary>
    public static string Pattern(string text)
    {
        string escaped = text.ToLowerInvariant()
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("%", "\\%", StringComparison.Ordinal)
            .Replace("_", "\\_", StringComparison.Ordinal);
        return $"%{escaped}%";
    }

    /// <summary><c>WHERE</c> and the conditions, or nothing.</summary>
    /// <param name="spell">Writes a column's name; told whether it must equal a value.</param>
    /// <param name="also">One more condition.</param>
    /// <param name="hint">Writes a condition that is no equality; null as it is.</param>
    public SqlText ToWhere(Func<string, bool, string> spell, SqlText? also = null, Func<SqlText, SqlText>? hint = null)
    {
        SqlText Write(Condition condition)
        {
            SqlText text = condition.Column is { } column
                ? SqlText.Join("", [SqlText.Raw(spell(column, condition.IsEquality)), condition.Tail])
                : condition.Tail;
            return hint is null || condition.IsEquality ? text : hint(text);
        }

        List<SqlText> all = [.. _conditions.Select(Write)];
        if (also is not null)
        {
            all.Add(also);
        }

        return all.Count == 0 ? SqlText.Raw("") : SqlText.Join("", [SqlText.Raw(" WHERE "), SqlText.Join(" AND ", all)]);
    }

    /// <param name="Column">What it is about; null when <paramref name="Tail"/> is the whole condition.</param>
    /// <param name="Tail">What follows the column.</param>
    /// <param name="IsEquality">Whether an index of this column may go on to order the rows by its next.</param>
    private sealed record Condition(string? Column, SqlText Tail, bool IsEquality);
}
