using VProtect.Abstractions;
using VProtect.Mover.Seal.Keys;

namespace VProtect.Appliance.Cli;

/// <summary>Where pass phrases come from: a file, the environment, or a person. Never from arguments, which others can see.</summary>
internal static class Secrets
{
    private const string Variable = "VPROTECT_PASSPHRASE";
    private const string NewVariable = "VPROTECT_NEW_PASSPHRASE";

    /// <summary>What opens an existing repository; null when nothing was given and nobody can be asked.</summary>
    public static Secret? Given(Invocation invocation)
    {
        if (invocation.Parsed.GetValue(invocation.Common.KeyFile) is { } file)
        {
            return Secret.FromFile(file);
        }

        if (invocation.Terminal.Variable(Variable) is { } text)
        {
            return Secret.FromText(text);
        }

        return invocation.Terminal.IsInputTerminal ? Secret.FromText(invocation.Terminal.ReadHidden("Pass phrase")) : null;
    }

    /// <summary>What is to open an existing repository too; a person types it twice.</summary>
    public static Secret New(Invocation invocation, string? newKeyFile) =>
        newKeyFile is not null ? Secret.FromFile(newKeyFile)
        : invocation.Terminal.Variable(NewVariable) is { } text ? Secret.FromText(text)
        : invocation.Terminal.IsInputTerminal ? AskTwice(invocation.Terminal, "New pass phrase")
        : throw new VProtectException(
            ErrorCode.KeyRequired, ErrorSide.Request, "No new pass phrase was given.",
            "Set VPROTECT_NEW_PASSPHRASE or name a file with --new-key-file.");

    /// <summary>What is to open a new repository; a person types it twice.</summary>
    /// <exception cref="VProtectException">None was given, it is empty, or the two differ.</exception>
    public static Secret ForNewRepository(Invocation invocation) =>
        invocation.Parsed.GetValue(invocation.Common.KeyFile) is { } file ? Secret.FromFile(file)
        : invocation.Terminal.Variable(Variable) is { } text ? Secret.FromText(text)
        : invocation.Terminal.IsInputTerminal ? AskTwice(invocation.Terminal, "New pass phrase")
        : throw new VProtectException(
            ErrorCode.KeyRequired, ErrorSide.Request, "A new repository needs a pass phrase, and none was given.",
            "Set VPROTECT_PASSPHRASE, name a key file with --key-file, or choose --no-encryption.");

    private static Secret AskTwice(Terminal terminal, string question)
    {
        string first = terminal.ReadHidden(question);
        Secret secret = Secret.FromText(first);
        return first == terminal.ReadHidden("Once more")
            ? secret
            : throw Invocation.BadArgument("The two pass phrases differ.", "Run the command again.");
    }
}
