namespace VProtect.Server.Api.Shared;

/// <summary>Texts of requests. What is missing stays as it is, an empty text clears.</summary>
internal static class TextField
{
    /// <exception cref="InvalidFieldException">It is too long or holds control characters.</exception>
    public static string? Applied(string field, string? before, string? value, int lengthMax = 1000)
    {
        if (value is null)
        {
            return before;
        }

        if (value.Length > lengthMax || value.Any(c => char.IsControl(c) && c is not ('\n' or '\t')))
        {
            throw new InvalidFieldException(field, "It is too long or holds control characters.", $"Use at most {lengthMax} printable characters.");
        }

        return value.Length == 0 ? null : value;
    }

    /// <summary>A name: null stays, empty is refused.</summary>
    /// <exception cref="InvalidFieldException">It is missing, empty, too long or holds control characters.</exception>
    public static string Name(string field, string? before, string? value)
    {
        string name = InvalidFieldException.RequireText(field, value ?? before, lengthMax: 255);
        return Applied(field, before, name)!;
    }
}
