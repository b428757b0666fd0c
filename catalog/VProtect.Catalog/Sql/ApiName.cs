using System.Text;

namespace VProtect.Catalog.Sql;

/// <summary>Names of enumeration members as clients and the database know them: <c>IgnoreWithWarning</c> is <c>IGNORE_WITH_WARNING</c>.</summary>
public static class ApiName
{
    /// <summary>The upper-case name of a member.</summary>
    public static string Of<TEnum>(TEnum value)
        where TEnum : struct, Enum =>
        Names<TEnum>.ByValue.TryGetValue(value, out string? name)
            ? name
            : throw new ArgumentOutOfRangeException(nameof(value), value, "not a member");

    /// <summary>The member with an upper-case name; false when there is none.</summary>
    public static bool TryParse<TEnum>(string name, out TEnum value)
        where TEnum : struct, Enum => Names<TEnum>.ByName.TryGetValue(name, out value);

    internal static TEnum Parse<TEnum>(string name)
        where TEnum : struct, Enum =>
        TryParse(name, out TEnum value) ? value : throw new InvalidDataException($"'{name}' is no {typeof(TEnum).Name}.");

    /// <summary><c>LastSeenAt</c> to <c>last_seen_at</c>, the name of its column.</summary>
    internal static string ToSnakeCase(string name)
    {
        var text = new StringBuilder(name.Length + 8);
        foreach (char c in name)
        {
            if (char.IsAsciiLetterUpper(c) && text.Length > 0)
            {
                text.Append('_');
            }

            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }

    private static class Names<TEnum>
        where TEnum : struct, Enum
    {
        public static readonly Dictionary<TEnum, string> ByValue =
            Enum.GetValues<TEnum>().ToDictionary(value => value, value => ToSnakeCase(value.ToString()).ToUpperInvariant());

        public static readonly Dictionary<string, TEnum> ByName =
            ByValue.ToDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);
    }
}
