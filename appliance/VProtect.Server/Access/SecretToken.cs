using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace VProtect.Server.Access;

/// <summary>Random secrets that are handed out once; only their SHA-256 is kept, which is enough for 256 random bits.</summary>
internal static class SecretToken
{
    /// <summary>Letters and digits that are not taken for one another when read from a screen.</summary>
    private const string PasswordAlphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

    /// <summary>32 random bytes as text for headers and cookies.</summary>
    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>A password of 20 characters, about 115 bits.</summary>
    public static string NewPassword() => RandomNumberGenerator.GetString(PasswordAlphabet, 20);

    /// <summary>What is stored of a token.</summary>
    public static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>The CSRF token of a session: known to whoever knows the cookie, which scripts of other sites do not.</summary>
    public static string CsrfOf(string token) => Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(token), "csrf"u8));

    /// <summary>Compares without telling by its duration where they differ.</summary>
    public static bool AreEqual(string left, string right) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(left), Encoding.UTF8.GetBytes(right));
}
