using System.CommandLine;
using VProtect.Abstractions;

namespace VProtect.Appliance.Cli;

/// <summary>One run of one verb: what was typed, and where its answers go.</summary>
internal sealed class Invocation(ParseResult parsed, CommonOptions common, Terminal terminal)
{
    public ParseResult Parsed => parsed;

    public Terminal Terminal => terminal;

    public CommonOptions Common => common;

    public bool IsJson { get; } = parsed.GetValue(common.Json);

    public bool IsQuiet { get; } = parsed.GetValue(common.Quiet);

    public bool IsVerbose { get; } = parsed.GetValue(common.Verbose);

    /// <summary>The repository as typed, or of the environment.</summary>
    /// <param name="typed">The argument or option, or null.</param>
    /// <exception cref="VProtectException">Neither is there.</exception>
    public string RepositoryPlace(string? typed)
    {
        string? place = string.IsNullOrEmpty(typed) ? terminal.Variable("VPROTECT_REPOSITORY") : typed;
        return string.IsNullOrEmpty(place)
            ? throw BadArgument("No repository was named.", "Name it with --repo, or set VPROTECT_REPOSITORY.")
            : place;
    }

    /// <summary>Tells the person something that is not the result. Goes to standard error; --quiet leaves it out.</summary>
    public void Note(string text)
    {
        if (!IsQuiet)
        {
            terminal.Error.WriteLine(text);
        }
    }

    /// <summary>Tells of trouble that did not stop the work. Always shown.</summary>
    public void Warn(string text) => terminal.Error.WriteLine("warning: " + text);

    public static VProtectException BadArgument(string message, string guidance) =>
        new(ErrorCode.InvalidArgument, ErrorSide.Request, message, guidance);
}
