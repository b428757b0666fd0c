namespace VProtect.Abstractions.Nodes;

/// <summary>Name and secret of CHAP. <see cref="Secret"/> is never logged.</summary>
/// <param name="User">1 to 64 letters, digits and <c>-._:@</c>.</param>
/// <param name="Secret">12 to 100 printable ASCII characters without spaces: shorter ones can be guessed by who listens, and initiators refuse them.</param>
public sealed record IscsiAccount(string User, string Secret)
{
    /// <summary>What <see cref="IsUsable"/> asks, for people.</summary>
    public const string Rule = "A user has 1 to 64 letters, digits and -._:@, a secret 12 to 100 printable ASCII characters without spaces.";

    /// <summary>Whether initiators and targets take them.</summary>
    public bool IsUsable =>
        User.Length is > 0 and <= 64 && User.All(static c => char.IsAsciiLetterOrDigit(c) || "-._:@".Contains(c, StringComparison.Ordinal))
        && Secret.Length is >= 12 and <= 100 && Secret.All(static c => c is > ' ' and < (char)127);

    /// <summary>The name only.</summary>
    public override string ToString() => User;
}

/// <summary>Whom an iSCSI target lets in.</summary>
/// <param name="AllowedNames">Names of initiators, from the networks that are allowed, or from anywhere when none are; empty for any name. A name alone proves nothing: CHAP does.</param>
/// <param name="Chap">What initiators must know; null for nothing.</param>
/// <param name="MutualChap">What the target shows it knows; null for nothing. Only with <paramref name="Chap"/>, and of another user.</param>
public sealed record IscsiAccess(IReadOnlyList<string> AllowedNames, IscsiAccount? Chap, IscsiAccount? MutualChap)
{
    /// <summary>Networks that a target takes: Linux takes no longer filter.</summary>
    public const int NetworksMax = 64;

    /// <summary>Whether a text is an iSCSI name: <c>iqn.</c>, <c>eui.</c> or <c>naa.</c>, then letters, digits and <c>-._:</c>; at most 223 characters.</summary>
    public static bool IsName(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length is > 4 and <= 223 && text[..4].ToLowerInvariant() is "iqn." or "eui." or "naa."
            && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or ':' or '_');
    }
}
