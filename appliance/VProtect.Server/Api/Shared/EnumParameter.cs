using VProtect.Catalog.Sql;

namespace VProtect.Server.Api.Shared;

/// <summary>Enumerations in the query of a request: names, several with commas between them or as repeated parameters.</summary>
internal static class EnumParameter
{
    /// <summary>The values; null when none is given.</summary>
    /// <exception cref="InvalidFieldException">One is not known.</exception>
    public static IReadOnlyCollection<TEnum>? Parse<TEnum>(string name, string[]? texts)
        where TEnum : struct, Enum
    {
        List<TEnum> values = [];
        foreach (string text in (texts ?? []).SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
        {
            values.Add(ApiName.TryParse(text.ToUpperInvariant(), out TEnum value)
                ? value
                : throw new InvalidFieldException(
                    name, $"'{text}' is not known.", $"Use one of: {string.Join(", ", Enum.GetValues<TEnum>().Select(ApiName.Of))}."));
        }

        return values.Count == 0 ? null : values;
    }
}
