using VProtect.Abstractions.Nodes;

namespace VProtect.Appliance.Cli;

/// <summary>What <c>vprotect mount --iscsi</c> was given beside what NBD takes.</summary>
internal static class IscsiWishes
{
    public const int DefaultPort = 3260;

    /// <summary>Reads the file of <c>--chap</c>: a line with user and secret, and a second one for what the target shows.</summary>
    /// <exception cref="Abstractions.VProtectException">It cannot be read, or holds something else.</exception>
    public static IscsiAccess Read(string? chapFile, IReadOnlyList<string> allowedNames)
    {
        if (chapFile is null)
        {
            return new IscsiAccess(allowedNames, null, null);
        }

        string[] lines;
        try
        {
            lines = [.. File.ReadAllLines(chapFile).Where(line => line.Trim().Length > 0)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Invocation.BadArgument($"The file of --chap cannot be read: {e.Message}", "Name a file that you can read.");
        }

        IscsiAccount?[] accounts = [.. lines.Select(Parse)];
        return accounts is [{ } chap] ? new IscsiAccess(allowedNames, chap, null)
            : accounts is [{ } first, { } second] && first.User != second.User ? new IscsiAccess(allowedNames, first, second)
            : throw Invocation.BadArgument(
                "The file of --chap does not hold what it should.", $"Write a user and a secret in a line; a second line with another user is what the target shows. {IscsiAccount.Rule}");
    }

    private static IscsiAccount? Parse(string line) =>
        line.Trim().Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is [var user, var secret] && new IscsiAccount(user, secret) is { IsUsable: true } account
            ? account
            : null;
}
