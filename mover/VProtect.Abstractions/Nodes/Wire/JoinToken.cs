using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace VProtect.Abstractions.Nodes.Wire;

/// <summary>
/// What an administrator carries from the server to a new node, as one word: <c>vpn1_</c>, then base64url of 32 random bytes and of SHA-256 of the authority's
/// certificate (DER). By the second half the node knows the server before it shows it the first.
/// </summary>
/// <param name="Secret">base64url of the random bytes.</param>
/// <param name="AuthorityHash">SHA-256, hexadecimal, upper case.</param>
public sealed record JoinToken(string Secret, string AuthorityHash)
{
    private const string Prefix = "vpn1_";
    private const int PartBytes = 32;

    /// <summary>A new one.</summary>
    /// <param name="authorityHash">SHA-256 of the authority's certificate, hexadecimal.</param>
    public static JoinToken New(string authorityHash) => new(Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(PartBytes)), authorityHash);

    /// <summary>Reads a word.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out JoinToken? token)
    {
        ArgumentNullException.ThrowIfNull(text);
        token = null;
        string word = text.Trim();
        byte[] bytes = new byte[2 * PartBytes];
        if (!word.StartsWith(Prefix, StringComparison.Ordinal) || !Base64Url.IsValid(word.AsSpan(Prefix.Length), out int length) || length != bytes.Length)
        {
            return false;
        }

        Base64Url.DecodeFromChars(word.AsSpan(Prefix.Length), bytes);
        token = new JoinToken(Base64Url.EncodeToString(bytes.AsSpan(0, PartBytes)), Convert.ToHexString(bytes.AsSpan(PartBytes)));
        return true;
    }

    /// <summary>The word. Whoever has it may join.</summary>
    public string ToWord() => Prefix + Base64Url.EncodeToString([.. Base64Url.DecodeFromChars(Secret), .. Convert.FromHexString(AuthorityHash)]);

    /// <summary>Whose it is only.</summary>
    public override string ToString() => $"{Prefix}… of {AuthorityHash}";
}
