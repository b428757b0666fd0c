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

    /// <summary>What a login that nobody has is compared with, so that it takes as long: of no password, and made without deriving one, which the first such login would show.</summary>
    private static readonly string Nobody = Stored(RandomNumberGenerator.GetBytes(SaltBytes), RandomNumberGenerator.GetBytes(HashBytes));

    public static string Of(string password)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return Stored(salt, Derive(password, salt, Iterations));
    }

    /// <summary>Whether the password is the one that was stored. Null, for users that are not there, is never, after the same work.</summary>
    /// <param name="password">What was typed.</param>
    /// <param name="stored">Hash of the user; null when there is none.</param>
    /// <param name="work">Iterations that were done: never fewer than <see cref="Iterations"/>, so that a hash of earlier years is not known by its speed.</param>
    public static bool Verify(string password, string? stored, out int work)
    {
        string[] parts = (stored ?? Nobody).Split('$');
        if (parts is not [Scheme, var iterations, var salt, var hash])
        {
            throw new InvalidDataException("A stored password hash has an unknown form.");
        }

        work = int.Parse(iterations, CultureInfo.InvariantCulture);
        byte[] saltBytes = Base64Url.DecodeFromChars(salt);
        byte[] derived = Derive(password, saltBytes, work);
        if (work < Iterations)
        {
            _ = Derive(password, saltBytes, Iterations - work);
            work = Iterations;
        }

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

    private static string Stored(byte[] salt, byte[] hash) =>
        string.Join('$', Scheme, Iterations.ToString(CultureInfo.InvariantCulture), Base64Url.EncodeToString(salt), Base64Url.EncodeToString(hash));

    private static byte[] Derive(string password, byte[] salt, int iterations) =>
        Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA256, HashBytes);
}
