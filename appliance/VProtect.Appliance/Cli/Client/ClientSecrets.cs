using VProtect.Abstractions;

namespace VProtect.Appliance.Cli.Client;

/// <summary>Passwords for a server: from a file, from standard input, or from a person; never from arguments, which others can see.</summary>
internal static class ClientSecrets
{
    /// <summary>The first line of a file; <c>-</c> is standard input.</summary>
    public static string FromFile(Terminal terminal, string file)
    {
        try
        {
            string? line = file == "-" ? terminal.In.ReadLine() : File.ReadLines(file).FirstOrDefault();
            return line is { Length: > 0 } ? line : throw Invocation.BadArgument($"'{file}' is empty.", "Put the password on its first line.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"'{file}' cannot be read: {exception.Message}", "Name a file that you may read, or - for standard input.", RetryAdvice.Never, exception);
        }
    }

    /// <summary>A file as a whole, such as a private key.</summary>
    public static string WholeFile(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"'{file}' cannot be read: {exception.Message}", "Name a file that you may read.", RetryAdvice.Never, exception);
        }
    }

    /// <summary>Asks a person.</summary>
    /// <param name="terminal">Where.</param>
    /// <param name="question">In a few words.</param>
    /// <param name="isNew">Whether it is typed twice.</param>
    public static string Ask(Terminal terminal, string question, bool isNew)
    {
        string first = terminal.ReadHidden(question);
        return !isNew || first == terminal.ReadHidden("Once more") ? first : throw Invocation.BadArgument("The two differ.", "Run the command again.");
    }

    /// <summary>From the file that was named, else from a person.</summary>
    /// <exception cref="VProtectException">No file was named and nobody can be asked.</exception>
    public static string Need(Terminal terminal, string? file, string option, string question, bool isNew = false) =>
        file is not null ? FromFile(terminal, file)
        : terminal.IsInputTerminal ? Ask(terminal, question, isNew)
        : throw Invocation.BadArgument($"{question}: none was given, and nobody can be asked.", $"Name a file with {option}, or give - and write it to standard input.");
}
