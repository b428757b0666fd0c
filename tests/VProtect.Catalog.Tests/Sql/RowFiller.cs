using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace VProtect.Catalog.Tests.Sql;

/// <summary>Rows with something in every column (odd seed), or nothing where nothing may be (even seed).</summary>
internal static class RowFiller
{
    private static readonly JsonSerializerOptions Plain = new() { WriteIndented = true };

    public static TRow Fill<TRow>(int seed)
        where TRow : class
    {
        var row = (TRow)RuntimeHelpers.GetUninitializedObject(typeof(TRow));
        var nullability = new NullabilityInfoContext();
        int number = 1;
        foreach (PropertyInfo property in typeof(TRow).GetProperties().Where(property => property.SetMethod is { IsStatic: false }))
        {
            bool optional = nullability.Create(property).ReadState == NullabilityState.Nullable;

            // A role is given to a user or to a group.
            bool empty = optional && (seed % 2 == 0 ? property.Name != "GroupGuid" : property.Name == "GroupGuid");
            property.SetValue(row, empty ? null : Value(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, number++));
        }

        return row;
    }

    public static string Text(object row) => JsonSerializer.Serialize(row, row.GetType(), Plain);

    private static object Value(Type type, int number) => type switch
    {
        _ when type == typeof(string) => $"Ünïcode '{number}' \\ % _ \"quoted\" \U0001F600",
        _ when type == typeof(Guid) => Guid.CreateVersion7(),
        _ when type == typeof(long) => long.MaxValue - number,
        _ when type == typeof(int) => number,
        _ when type == typeof(bool) => true,
        _ when type == typeof(byte[]) => new byte[] { 0, (byte)number, 255 },
        _ when type == typeof(DateTimeOffset) => DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000 + number),
        _ when type == typeof(TimeSpan) => TimeSpan.FromMilliseconds(123_456 + number),
        _ when type == typeof(IReadOnlyList<string>) => new[] { "a", "b, \"c\"", "" },
        _ when type.IsEnum => Enum.GetValues(type).GetValue(Enum.GetValues(type).Length - 1)!,
        _ => throw new NotSupportedException(type.ToString()),
    };
}
