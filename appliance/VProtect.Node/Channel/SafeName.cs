namespace VProtect.Node.Channel;

/// <summary>Names of others as names of files.</summary>
internal static class SafeName
{
    private const int CharsMax = 100;

    /// <summary>Letters, digits, <c>-</c>, <c>_</c> and <c>.</c> as they are, the rest as <c>_</c>; not empty, no dot in front, at most 100 characters.</summary>
    public static string Of(string name)
    {
        string safe = string.Concat(name.Take(CharsMax).Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '_'));
        return safe.Length == 0 ? "_" : safe[0] == '.' ? "_" + safe[1..] : safe;
    }
}
