using System.Data.Common;
using System.Reflection;

namespace VProtect.Catalog.Sql;

/// <summary>One property of a row and the column that it is stored in.</summary>
internal abstract class Column<TRow>(string name)
{
    /// <summary>Name in the database.</summary>
    public string Name { get; } = name;

    /// <summary>False for a property that is computed from others: it is stored to be searched and sorted, not read.</summary>
    public abstract bool IsRead { get; }

    public abstract void Read(TRow row, DbDataReader reader, int ordinal);

    public abstract object? Write(TRow row);

    public static Column<TRow> Of(PropertyInfo property) => (Column<TRow>)Activator.CreateInstance(
        typeof(Typed<>).MakeGenericType(typeof(TRow), property.PropertyType), property)!;

    private sealed class Typed<T>(PropertyInfo property) : Column<TRow>(ApiName.ToSnakeCase(property.Name))
    {
        // Delegates, so that a page of rows costs no reflection and no boxing.
        private readonly Func<TRow, T> _get = property.GetMethod!.CreateDelegate<Func<TRow, T>>();
        private readonly Action<TRow, T>? _set = property.SetMethod?.CreateDelegate<Action<TRow, T>>();
        private readonly ColumnCodec<T> _codec = ColumnCodec<T>.Instance;

        public override bool IsRead => _set is not null;

        public override void Read(TRow row, DbDataReader reader, int ordinal) => _set!(row, _codec.Read(reader, ordinal));

        public override object? Write(TRow row) => _codec.Write(_get(row));
    }
}
