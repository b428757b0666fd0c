using System.Diagnostics.CodeAnalysis;
using VProtect.Catalog.Sql;

namespace VProtect.Server.Api.Shared;

/// <summary>A member of an enumeration as a query parameter: its upper-case name.</summary>
/// <param name="Value">The member.</param>
internal readonly record struct QueryValue<TEnum>(TEnum Value)
    where TEnum : struct, Enum
{
    /// <summary>Found by the binder.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out QueryValue<TEnum> value)
    {
        bool known = ApiName.TryParse(text ?? "", out TEnum member);
        value = new QueryValue<TEnum>(member);
        return known;
    }
}
