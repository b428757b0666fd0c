using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Access;

/// <summary>
/// Passwords as they are stored: <c>pbkdf2-sha256$ITERATIONS$SALT$HASH</c>, base64url. Iterations are OWASP's figure of 2023 for PBKDF2-HMAC-SHA256
/// (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html); stored hashes keep the number they were made with.
/// </summary>
internal static class PasswordHash
{
    public const int Iterations = 600_000;
    public const int LengthMin = 12;

    /// <summary>Longer ones only cost time.</summary>
    public const int LengthMax = 256;

    private const string Scheme = "pbkdf2-sha256";
    private const int SaltBytes = 16;
    private const int HashBytes = 32;

    /// <summary>What a login that nobody has is compared with, so that it takes as long.</summary>
    private static readonly Lazy<string> Nobody = new(() => Of(SecretToken.NewPassword()));

    public static string Of(string password)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return string.Join('$', Scheme, Iterations.ToString(CultureInfo.InvariantCulture), Base64Url.EncodeToString(salt), Base64Url.EncodeToString(Derive(password, salt, Iterations)));
    }

    /// <summary>Whether the password is the one that was stored. Null, for users that are not there, is never, after the same time.</summary>
    public static bool Verify(string password, string? stored)
    {
        string[] parts = (stored ?? Nobody.Value).Split('$');
        if (parts is not [Scheme, var iterations, var salt, var hash])
        {
            throw new InvalidDataException("A stored password hash has an unknown form.");
        }

        byte[] derived = Derive(password, Base64Url.DecodeFromChars(salt), int.Parse(iterations, CultureInfo.InvariantCulture));
        return CryptographicOperations.FixedTimeEquals(derived, Base64Url.DecodeFromChars(hash)) && stored is not null;
    }

    /// <summary>Refuses passwords that are too short, too long or the login itself.</summary>
    /// <exception cref="InvalidFieldException">It is refused.</exception>
    public static void Check(string field, string? password, string login)
    {
        if (password is null || password.Length < LengthMin || password.Length > LengthMax)
        {
            throw new InvalidFieldException(field, "The password has not the right length.", $"Choose {LengthMin} to {LengthMax} characters.");
        }

        if (password.Contains(login, StringComparison.OrdinalIgnoreCase) || password.Distinct().Count() < 5)
        {
            throw new InvalidFieldException(field, "The password is easily guessed.", "Use at least five different characters, and not the login.");
        }
    }

    private static byte[] Derive(string password, byte[] salt, int iterations) =>
        Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA256, HashBytes);
}
