using System.Globalization;

namespace VProtect.Abstractions;

/// <summary>Numbers of things, in sentences for people.</summary>
public static class Quantity
{
    /// <summary><c>1 disk</c>, <c>2 disks</c>.</summary>
    /// <param name="count">How many.</param>
    /// <param name="one">What one of them is called; with more words where these change with the number.</param>
    /// <param name="many">What several are called; null for an s behind <paramref name="one"/>.</param>
    public static string Of(long count, string one, string? many = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? one : many ?? one + "s")}");
}
