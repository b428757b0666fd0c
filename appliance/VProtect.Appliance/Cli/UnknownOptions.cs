using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using VProtect.Abstractions;

namespace VProtect.Appliance.Cli;

/// <summary>What looks like an option and is none of the verb's: the library takes it for one more free argument, and so for a file or a name.</summary>
internal static class UnknownOptions
{
    /// <summary>Refuses it, unless it comes behind <c>--</c>.</summary>
    /// <exception cref="VProtectException">There is one.</exception>
    public static void Refuse(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        if (parsed.Action is not ParseErrorAction && parsed.Action != command.Action)
        {
            // Help, or a suggestion while it is being typed.
            return;
        }

        // What comes behind the dashes is free whatever it is, and comes last.
        int behind = parsed.Tokens.Reverse().TakeWhile(token => token.Type != TokenType.DoubleDash).Count();
        bool hasDashes = behind < parsed.Tokens.Count;
        IEnumerable<string> free = parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(result => result.Tokens).Select(token => token.Value).Concat(parsed.UnmatchedTokens);
        string? unknown = free.SkipLast(hasDashes ? behind : 0).FirstOrDefault(IsOptionLike);
        if (unknown is null)
        {
            return;
        }

        string name = unknown.Split('=', ':')[0];
        string? near = NearestOf(command, name);
        throw Invocation.BadArgument(
            $"Unknown option '{name}'.",
            (near is null ? "" : $"Did you mean {near}? ") + $"See '{CommandLine.PathOf(command)} --help'."
                + (command.Arguments.Count == 0 ? "" : $" What begins with dashes and is no option goes behind '--': -- {unknown}"));
    }

    /// <summary>A dash alone is standard input or output, and numbers may be less than nothing.</summary>
    private static bool IsOptionLike(string text) => text.Length > 1 && text[0] == '-' && (text[1] == '-' || char.IsLetter(text[1]));

    private static string? NearestOf(Command command, string typed) => OptionsOf(command, isOwn: true)
        .SelectMany(option => option.Aliases.Prepend(option.Name))
        .Where(name => name.StartsWith("--", StringComparison.Ordinal) && (Nearness.IsNear(name, typed) || IsBegun(name, typed)))
        .MinBy(name => (!IsBegun(name, typed), Nearness.Distance(name, typed), name));

    /// <summary>Whether one is the beginning of the other.</summary>
    private static bool IsBegun(string name, string typed) =>
        typed.StartsWith(name, StringComparison.OrdinalIgnoreCase) || (typed.Length > 3 && name.StartsWith(typed, StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<Option> OptionsOf(Command command, bool isOwn) => command.Options.Where(option => !option.Hidden && (isOwn || option.Recursive))
        .Concat(command.Parents.OfType<Command>().SelectMany(parent => OptionsOf(parent, isOwn: false)));
}
