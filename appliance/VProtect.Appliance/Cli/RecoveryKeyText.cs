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
}
