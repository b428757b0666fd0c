using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using VProtect.Mover.Seal.Encryption;

namespace VProtect.Mover.Seal.Keys;

/// <summary>The body of a key slot: the root key wrapped by one secret (FORMAT.md section 2.2). Byte strings in hexadecimal.</summary>
internal sealed record KeySlot(
    string Repository, string Slot, string Kind, string Kdf, int Iterations, string Salt, string Nonce, string Wrapped,
    string CreatedAt, string? Label)
{
    public const string PassphraseKind = "passphrase";
    public const string RecoveryKind = "recovery";
    private const string Pbkdf2 = "pbkdf2-sha256";

    /// <summary>OWASP's figure for PBKDF2-HMAC-SHA256 (password storage cheat sheet, 2023).</summary>
    private const int PassphraseIterations = 600_000;

    /// <summary>Refuses slots that would keep an opener busy for hours.</summary>
    private const int IterationsMax = 50_000_000;

    /// <summary>Wraps a root key.</summary>
    public static KeySlot Wrap(UInt128 repositoryId, ReadOnlySpan<byte> rootKey, Secret secret, string? label, DateTimeOffset now)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(16);
        byte[] nonce = RandomNumberGenerator.GetBytes(12);
        string slot = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        int iterations = secret.IsRecoveryKey ? 1 : PassphraseIterations;
        byte[] wrapped = new byte[rootKey.Length + 16];
        byte[] kek = Rfc2898DeriveBytes.Pbkdf2(secret.Bytes.Span, salt, iterations, HashAlgorithmName.SHA256, rootKey.Length);
        using (var cipher = new AeadCipher(kek))
        {
            cipher.Encrypt(
                nonce, rootKey, wrapped.AsSpan(0, rootKey.Length), wrapped.AsSpan(rootKey.Length), AdditionalData(repositoryId, slot));
        }

        CryptographicOperations.ZeroMemory(kek);
        return new KeySlot(
            Hex(repositoryId), slot, secret.IsRecoveryKey ? RecoveryKind : PassphraseKind, Pbkdf2, iterations,
            Convert.ToHexStringLower(salt), Convert.ToHexStringLower(nonce), Convert.ToHexStringLower(wrapped),
            now.ToString("O", CultureInfo.InvariantCulture), label);
    }

    /// <summary>Unwraps the root key; null when the secret is not this slot's.</summary>
    public byte[]? TryUnwrap(UInt128 repositoryId, Secret secret)
    {
        if (Kdf != Pbkdf2 || Iterations is < 1 or > IterationsMax || Repository != Hex(repositoryId)
            || (Kind == RecoveryKind) != secret.IsRecoveryKey)
        {
            return null;
        }

        byte[] rootKey = new byte[32];
        byte[] nonce = new byte[AeadCipher.NonceLengthBytes];
        byte[] wrapped = new byte[rootKey.Length + AeadCipher.TagLengthBytes];
        byte[] salt = new byte[16];
        if (!IsHex(Nonce, nonce) || !IsHex(Wrapped, wrapped) || !IsHex(Salt, salt) || !IsHex(Slot, new byte[16]))
        {
            return null;
        }

        byte[] kek = Rfc2898DeriveBytes.Pbkdf2(secret.Bytes.Span, salt, Iterations, HashAlgorithmName.SHA256, rootKey.Length);
        using var cipher = new AeadCipher(kek);
        CryptographicOperations.ZeroMemory(kek);
        return cipher.Decrypt(
            nonce, wrapped.AsSpan(0, rootKey.Length), wrapped.AsSpan(rootKey.Length), rootKey, AdditionalData(repositoryId, Slot))
            ? rootKey
            : null;
    }

    /// <summary>What may be shown of it.</summary>
    public Store.KeySlotInfo ToInfo(bool openedThis) => new(Slot, Kind, CreatedAt, Label, openedThis);

    private static bool IsHex(string text, byte[] value) =>
        text.Length == 2 * value.Length && Convert.FromHexString(text, value, out _, out int written) == OperationStatus.Done && written == value.Length;

    private static string Hex(UInt128 id) => id.ToString("x32", CultureInfo.InvariantCulture);

    private static byte[] AdditionalData(UInt128 repositoryId, string slot) =>
        [.. "VProtect slot v1"u8, .. Convert.FromHexString(Hex(repositoryId)), .. Convert.FromHexString(slot)];
}
