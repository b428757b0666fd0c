using System.Collections;
using System.Runtime.CompilerServices;

namespace VProtect.Catalog.Sql;

/// <summary>
/// SQL written as an interpolated string: literal parts are SQL, every hole becomes a parameter. So a value cannot become SQL.
/// A hole that holds another <see cref="SqlText"/> is spliced in; one that holds a collection becomes a list in parentheses.
/// </summary>
[InterpolatedStringHandler]
internal sealed class SqlText
{
    private static readonly object Parameter = new();

    // Literal strings, and pairs of Parameter and its value, in order.
    private readonly List<(object Part, object? Value)> _parts;

    public SqlText(int literalLength, int formattedCount)
    {
        _ = literalLength;
        _parts = new List<(object, object?)>((2 * formattedCount) + 1);
    }

    private SqlText(string sql)
    {
        _parts = [(sql, null)];
    }

    /// <summary>SQL from names that stand in our code; never from a request.</summary>
    public static SqlText Raw(string sql) => new(sql);

    /// <summary>An interpolated string where the compiler would not see by itself that it is SQL.</summary>
    public static SqlText Of(SqlText sql) => sql;

    /// <summary>The pieces with <paramref name="separator"/> between them.</summary>
    public static SqlText Join(string separator, IEnumerable<SqlText> pieces)
    {
        var joined = new SqlText(0, 0);
        foreach (SqlText piece in pieces)
        {
            if (joined._parts.Count > 0)
            {
                joined.AppendLiteral(separator);
            }

            joined.AppendFormatted(piece);
        }

        return joined;
    }

    public void AppendLiteral(string literal) => _parts.Add((literal, null));

    public void AppendFormatted(SqlText text) => _parts.AddRange(text._parts);

    public void AppendFormatted<T>(T value)
    {
        if (value is IEnumerable many and not string and not byte[])
        {
            AppendList(many);
        }
        else
        {
            _parts.Add((Parameter, ColumnCodec.Write(value)));
        }
    }

    /// <summary>Adds a value that is already as the database has it.</summary>
    public void AppendStored(object? value) => _parts.Add((Parameter, value));

    /// <summary>Whether a word is in it, values apart.</summary>
    public bool Mentions(string word) => _parts.Exists(part => !ReferenceEquals(part.Part, Parameter) && ((string)part.Part).Contains(word, StringComparison.Ordinal));

    /// <summary>The text with numbered parameters; hands each value to <paramref name="addParameter"/>.</summary>
    public string Render(Action<string, object?> addParameter)
    {
        if (_parts is [(string only, _)])
        {
            return only;
        }

        var sql = new DefaultInterpolatedStringHandler(0, _parts.Count);
        int number = 0;
        foreach ((object part, object? value) in _parts)
        {
            if (ReferenceEquals(part, Parameter))
            {
                string name = $"@p{number++}";
                addParameter(name, value);
                sql.AppendLiteral(name);
            }
            else
            {
                sql.AppendLiteral((string)part);
            }
        }

        return sql.ToStringAndClear();
    }

    private void AppendList(IEnumerable many)
    {
        string before = "(";
        foreach (object? one in many)
        {
            AppendLiteral(before);
            AppendStored(ColumnCodec.Write(one));
            before = ", ";
        }

        // An empty list matches nothing; IN () is not SQL everywhere.
        AppendLiteral(before == "(" ? "(NULL)" : ")");
    }
}
