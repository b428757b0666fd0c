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

    /// <summary>The text, or the refusal of one that is missing or too long.</summary>
    public static string RequireText(string field, string? value, int lengthMax)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            throw new InvalidFieldException(field, "It is missing.", $"Give 1 to {lengthMax} characters.");
        }

        return value.Length > lengthMax
            ? throw new InvalidFieldException(field, "It is too long.", $"Give 1 to {lengthMax} characters.")
            : value.Trim();
    }
}
