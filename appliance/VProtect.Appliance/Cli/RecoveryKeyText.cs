namespace VProtect.Appliance.Cli;

/// <summary>How a recovery key is shown, which happens once.</summary>
internal static class RecoveryKeyText
{
    private const int GroupsPerLine = 7;

    public static void Write(TextWriter writer, string recoveryKey)
    {
        writer.WriteLine();
        writer.WriteLine("RECOVERY KEY, shown this once. Write it down and keep it away from this machine:");
        writer.WriteLine();
        foreach (string[] line in recoveryKey.Split('-').Chunk(GroupsPerLine))
        {
            writer.WriteLine("    " + string.Join('-', line));
        }

        writer.WriteLine();
        writer.WriteLine("It opens the repository like the pass phrase. Without either, the data is lost.");
    }

    /// <summary>Lets a person who is there show that the key was written down: its last group, typed. A script is not asked.</summary>
    /// <exception cref="VProtect.Abstractions.VProtectException">What was typed is not the last group.</exception>
    public static void Confirm(Terminal terminal, string recoveryKey)
    {
        if (!terminal.IsInputTerminal)
        {
            return;
        }

        string last = recoveryKey[(recoveryKey.LastIndexOf('-') + 1)..];
        string typed = terminal.ReadLine("Written down? Type its last group") ?? "";
        if (!typed.Trim().Equals(last, StringComparison.OrdinalIgnoreCase))
        {
            throw Invocation.BadArgument("That is not the last group of the recovery key: it was not added.", "Run the command again for another key.");
        }
    }
}
