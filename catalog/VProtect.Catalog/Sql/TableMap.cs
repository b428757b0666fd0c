using System.Data.Common;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace VProtect.Catalog.Sql;

/// <summary>A table and the record that is its row: property <c>LastSeenAt</c> is column <c>last_seen_at</c>.</summary>
internal sealed class TableMap<TRow>
    where TRow : class
{
    private readonly Column<TRow>[] _read;

    /// <param name="name">Name of the table.</param>
    public TableMap(string name)
    {
        Name = name;
        Columns = [.. typeof(TRow).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(Column<TRow>.Of)];
        _read = [.. Columns.Where(column => column.IsRead)];
        Select = SqlText.Raw(string.Join(", ", _read.Select(column => $"{name}.{column.Name}")));
        Table = SqlText.Raw(name);
        ColumnNames = SqlText.Raw(string.Join(", ", Columns.Select(column => column.Name)));
    }

    public string Name { get; }

    public SqlText Table { get; }

    /// <summary>Columns that <see cref="Read"/> expects, with the table's name before each.</summary>
    public SqlText Select { get; }

    public SqlText ColumnNames { get; }

    public IReadOnlyList<Column<TRow>> Columns { get; }

    public TRow Read(DbDataReader reader)
    {
        // Every settable property is set below, so required members are honoured.
        var row = (TRow)RuntimeHelpers.GetUninitializedObject(typeof(TRow));
        for (int i = 0; i < _read.Length; i++)
        {
            _read[i].Read(row, reader, i);
        }

        return row;
    }

    /// <summary>Values of all columns of a row, with commas between them.</summary>
    public SqlText Values(TRow row)
    {
        var values = new SqlText(0, Columns.Count);
        for (int i = 0; i < Columns.Count; i++)
        {
            values.AppendLiteral(i == 0 ? "" : ", ");
            values.AppendStored(Columns[i].Write(row));
        }

        return values;
    }

    /// <summary><c>column = value</c> for all columns but the identity; the version is one more than the row's.</summary>
    public SqlText Assignments(TRow row)
    {
        var assignments = new SqlText(0, Columns.Count);
        foreach (Column<TRow> column in Columns)
        {
            if (column.Name is not ("guid" or "version"))
            {
                assignments.AppendLiteral($"{column.Name} = ");
                assignments.AppendStored(column.Write(row));
                assignments.AppendLiteral(", ");
            }
        }

        assignments.AppendLiteral("version = version + 1");
        return assignments;
    }
}
