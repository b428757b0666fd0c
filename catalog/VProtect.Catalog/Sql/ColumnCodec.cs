using System.Data.Common;
using System.Text.Json;

namespace VProtect.Catalog.Sql;

/// <summary>
/// How a C# type is stored, the same in both databases: guid as 36 lower-case characters, time as Unix milliseconds, duration as
/// milliseconds, bool as 0 or 1, enumeration as its upper-case name, list of strings as JSON.
/// </summary>
internal sealed class ColumnCodec<T>(Func<DbDataReader, int, T> read, Func<T, object?> write)
{
    public static readonly ColumnCodec<T> Instance = (ColumnCodec<T>)ColumnCodec.For(typeof(T));

    public Func<DbDataReader, int, T> Read { get; } = read;

    public Func<T, object?> Write { get; } = write;
}

/// <summary>Makes codecs; the list of what can be a column.</summary>
internal static class ColumnCodec
{
    public static object For(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner)
        {
            return Make(nameof(OfNullable), inner);
        }

        if (type.IsEnum)
        {
            return Make(nameof(OfEnum), type);
        }

        return type switch
        {
            _ when type == typeof(string) => new ColumnCodec<string?>((row, i) => row.IsDBNull(i) ? null : row.GetString(i), value => value),
            _ when type == typeof(byte[]) => new ColumnCodec<byte[]?>((row, i) => row.IsDBNull(i) ? null : (byte[])row.GetValue(i), value => value),
            _ when type == typeof(long) => new ColumnCodec<long>((row, i) => row.GetInt64(i), value => value),
            _ when type == typeof(int) => new ColumnCodec<int>((row, i) => checked((int)row.GetInt64(i)), value => (long)value),
            _ when type == typeof(bool) => new ColumnCodec<bool>((row, i) => row.GetInt64(i) != 0, value => value ? 1L : 0L),
            _ when type == typeof(Guid) => new ColumnCodec<Guid>((row, i) => Guid.ParseExact(row.GetString(i), "D"), value => value.ToString("D")),
            _ when type == typeof(DateTimeOffset) => new ColumnCodec<DateTimeOffset>(
                (row, i) => DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(i)), value => value.ToUnixTimeMilliseconds()),
            _ when type == typeof(TimeSpan) => new ColumnCodec<TimeSpan>(
                (row, i) => TimeSpan.FromMilliseconds(row.GetInt64(i)), value => (long)value.TotalMilliseconds),
            _ when type == typeof(IReadOnlyList<string>) => new ColumnCodec<IReadOnlyList<string>>(
                (row, i) => JsonSerializer.Deserialize<string[]>(row.GetString(i))!, value => JsonSerializer.Serialize(value)),
            _ => throw new NotSupportedException($"{type} cannot be a column."),
        };
    }

    /// <summary>A value of any supported type as the database has it.</summary>
    public static object? Write(object? value) => value switch
    {
        null => null,
        string or long or byte[] => value,
        int number => (long)number,
        bool flag => flag ? 1L : 0L,
        Guid guid => ColumnCodec<Guid>.Instance.Write(guid),
        TimeSpan span => (long)span.TotalMilliseconds,
        DateTimeOffset time => time.ToUnixTimeMilliseconds(),
        Enum member => ApiName.ToSnakeCase(member.ToString()).ToUpperInvariant(),
        _ => throw new NotSupportedException($"{value.GetType()} cannot be a parameter."),
    };

    private static object Make(string method, Type inner) => typeof(ColumnCodec)
        .GetMethod(method, System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!
        .MakeGenericMethod(inner)
        .Invoke(null, null)!;

    private static ColumnCodec<T?> OfNullable<T>()
        where T : struct => new(
            (row, i) => row.IsDBNull(i) ? null : ColumnCodec<T>.Instance.Read(row, i),
            value => value is { } present ? ColumnCodec<T>.Instance.Write(present) : null);

    private static ColumnCodec<T> OfEnum<T>()
        where T : struct, Enum => new((row, i) => ApiName.Parse<T>(row.GetString(i)), value => ApiName.Of(value));
}
