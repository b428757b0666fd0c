using VProtect.Abstractions;

namespace VProtect.Server.Api.Shared;

/// <summary>A field, parameter or header of a request is wrong. Answered with 400, naming it and the fix.</summary>
/// <param name="name">The field as the client calls it.</param>
/// <param name="message">What is wrong with it.</param>
/// <param name="fix">What to do.</param>
internal sealed class InvalidFieldException(string name, string message, string fix)
    : VProtectException(ErrorCode.InvalidArgument, ErrorSide.Request, $"{name}: {message}", fix)
{
    public string Field => name;

    /// <summary>The text without spaces around it, or the refusal of one that is missing or too long.</summary>
    public static string RequireText(string field, string? value, int lengthMax) =>
        string.IsNullOrWhiteSpace(value) ? throw Missing(field, lengthMax) : RequireExact(field, value, lengthMax).Trim();

    /// <summary>The text as it is, or the refusal of one that is missing or too long: paths, names and pass phrases of others, in which every space counts.</summary>
    public static string RequireExact(string field, string? value, int lengthMax) =>
        string.IsNullOrEmpty(value) ? throw Missing(field, lengthMax)
        : value.Length > lengthMax ? throw new InvalidFieldException(field, "It is too long.", $"Give 1 to {lengthMax} characters.")
        : value;

    private static InvalidFieldException Missing(string field, int lengthMax) => new(field, "It is missing.", $"Give 1 to {lengthMax} characters.");
}
