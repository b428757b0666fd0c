using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using VProtect.Catalog.Access;

namespace VProtect.Server.Access;

/// <summary>
/// A user's second factor, as it is stored in <c>users.sealed_totp</c>, sealed by <see cref="SecretBox"/> for <c>totp:GUID</c>. Immutable.
/// <code>
/// offset  length  unsealed bytes
///      0       1  version, 1
///      1       1  1 in use, 0 asked for and not yet confirmed by a code
///      2       8  step of the last code that was taken, little-endian: neither it nor an earlier one is taken again
///     10      20  secret
///     30       1  number n of recovery codes that are left
///     31    32 n  their SHA-256, each over the user's guid (16 bytes) and the code in upper case without dashes
/// </code>
/// </summary>
internal sealed record SecondFactor(bool IsActive, long LastStep, byte[] Secret, IReadOnlyList<byte[]> RecoveryHashes)
{
    private const byte Version = 1;
    private const int HeadBytes = 31;
    private const int RecoveryCodes = 10;

    /// <summary>80 bits each.</summary>
    private const int RecoveryBytes = 10;

    public static SecondFactor New() => new(IsActive: false, LastStep: 0, RandomNumberGenerator.GetBytes(Totp.SecretBytes), []);

    /// <summary>That of a user; null when there is none.</summary>
    public static SecondFactor? Of(User user, SecretBox box)
    {
        if (user.SealedTotp is not { } sealedBytes)
        {
            return null;
        }

        byte[] bytes = box.Unseal(sealedBytes, PurposeOf(user.Guid));
        if (bytes.Length < HeadBytes || bytes[0] != Version || bytes.Length != HeadBytes + (bytes[30] * SHA256.HashSizeInBytes))
        {
            throw new InvalidDataException($"The second factor of user {user.Guid} is of an unknown form.");
        }

        return new SecondFactor(
            bytes[1] == 1, BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(2)), bytes[10..30],
            [.. Enumerable.Range(0, bytes[30]).Select(i => bytes[(HeadBytes + (i * SHA256.HashSizeInBytes))..][..SHA256.HashSizeInBytes])]);
    }

    /// <summary>What is stored of it.</summary>
    public byte[] Seal(Guid user, SecretBox box)
    {
        byte[] bytes = new byte[HeadBytes + (RecoveryHashes.Count * SHA256.HashSizeInBytes)];
        bytes[0] = Version;
        bytes[1] = IsActive ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(2), LastStep);
        Secret.CopyTo(bytes, 10);
        bytes[30] = (byte)RecoveryHashes.Count;
        foreach ((int i, byte[] hash) in RecoveryHashes.Index())
        {
            hash.CopyTo(bytes, HeadBytes + (i * SHA256.HashSizeInBytes));
        }

        return box.Seal(bytes, PurposeOf(user));
    }

    /// <summary>New recovery codes, in the place of those before; they are told once.</summary>
    public (SecondFactor Factor, IReadOnlyList<string> Codes) WithRecoveryCodes(Guid user)
    {
        List<string> codes = [.. Enumerable.Range(0, RecoveryCodes).Select(_ => Totp.TextOf(RandomNumberGenerator.GetBytes(RecoveryBytes)))];
        return (this with { RecoveryHashes = [.. codes.Select(code => HashOf(user, code))] }, [.. codes.Select(code => string.Join('-', code.Chunk(4).Select(four => new string(four))))]);
    }

    /// <summary>What is left after a code of the authenticator, or a recovery code when <paramref name="takesRecovery"/>; null when it is none that may be taken.</summary>
    public SecondFactor? Take(Guid user, string code, DateTimeOffset now, bool takesRecovery)
    {
        string typed = code.Replace("-", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant();
        if (typed.Length == Totp.Digits)
        {
            return Totp.Accept(Secret, typed, now, LastStep) is { } step ? this with { LastStep = step } : null;
        }

        byte[] hash = HashOf(user, typed);
        return takesRecovery && RecoveryHashes.Any(one => CryptographicOperations.FixedTimeEquals(one, hash))
            ? this with { RecoveryHashes = [.. RecoveryHashes.Where(one => !one.AsSpan().SequenceEqual(hash))] }
            : null;
    }

    /// <summary>Purpose by which it is sealed.</summary>
    public static string PurposeOf(Guid user) => $"totp:{user:D}";

    private static byte[] HashOf(Guid user, string code) => SHA256.HashData([.. user.ToByteArray(), .. Encoding.UTF8.GetBytes(code)]);
}
