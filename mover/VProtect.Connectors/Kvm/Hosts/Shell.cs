namespace VProtect.Connectors.Kvm.Hosts;

/// <summary>Argument vectors as text for a POSIX shell, which is all that ssh can carry.</summary>
internal static class Shell
{
    internal static string Quote(string argument) => "'" + argument.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    internal static string Join(IEnumerable<string> command) => string.Join(' ', command.Select(Quote));
}
