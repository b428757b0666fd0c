using System.Security.Cryptography;
using VProtect.Abstractions;
using VProtect.Server.Hosting;

namespace VProtect.Server.Access;

/// <summary>
/// Seals the secrets that the catalog holds, with a key that lies beside the catalog and not in it: a copy of the catalog alone opens nothing.
/// Safe for any number of callers.
/// <code>
/// offset  length  sealed bytes
///      0       1  version, 1: AES-256-GCM
///      1      12  nonce, random
///     13      16  tag
///     29       n  ciphertext, as long as the secret
/// </code>
/// Version and purpose are authenticated with it, so that a secret sealed for one place does not open in another.
/// </summary>
internal sealed class SecretBox
{
    private const byte Version = 1;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int HeadBytes = 1 + NonceBytes + TagBytes;
    private const int KeyBytes = 32;

    private readonly byte[] _key;

    private SecretBox(byte[] key)
    {
        _key = key;
    }

    /// <summary>Reads the key file, making it when there is none.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.SecretUnreadable"/>: it is no key.</exception>
    public static SecretBox Open(string path)
    {
        if (!File.Exists(path))
        {
            DataDirectory.WriteSecret(path, RandomNumberGenerator.GetBytes(KeyBytes));
        }

        byte[] key = File.ReadAllBytes(path);
        return key.Length == KeyBytes
            ? new SecretBox(key)
            : throw new VProtectException(
                ErrorCode.SecretUnreadable, ErrorSide.Catalog, $"'{path}' is no key: it has {key.Length} bytes, not {KeyBytes}.",
                "Put back the key file that belongs to the catalog.");
    }

    /// <param name="secret">What is sealed.</param>
    /// <param name="purpose">Where it belongs, such as <c>credentials:GUID</c>; needed again to open it.</param>
    public byte[] Seal(ReadOnlySpan<byte> secret, string purpose)
    {
        byte[] box = new byte[HeadBytes + secret.Length];
        box[0] = Version;
        RandomNumberGenerator.Fill(box.AsSpan(1, NonceBytes));
        using var cipher = new AesGcm(_key, TagBytes);
        cipher.Encrypt(box.AsSpan(1, NonceBytes), secret, box.AsSpan(HeadBytes), box.AsSpan(1 + NonceBytes, TagBytes), Bound(purpose));
        return box;
    }

    /// <exception cref="VProtectException"><see cref="ErrorCode.SecretUnreadable"/>: another key or purpose, or changed bytes.</exception>
    public byte[] Unseal(ReadOnlySpan<byte> box, string purpose)
    {
        if (box.Length < HeadBytes || box[0] != Version)
        {
            throw Unreadable(purpose, inner: null);
        }

        byte[] secret = new byte[box.Length - HeadBytes];
        using var cipher = new AesGcm(_key, TagBytes);
        try
        {
            cipher.Decrypt(box.Slice(1, NonceBytes), box[HeadBytes..], box.Slice(1 + NonceBytes, TagBytes), secret, Bound(purpose));
            return secret;
        }
        catch (AuthenticationTagMismatchException exception)
        {
            throw Unreadable(purpose, exception);
        }
    }

    private static byte[] Bound(string purpose) => [Version, .. System.Text.Encoding.UTF8.GetBytes(purpose)];

    private static VProtectException Unreadable(string purpose, Exception? inner) => new(
        ErrorCode.SecretUnreadable, ErrorSide.Catalog, $"The secret of {purpose} cannot be opened with this appliance's key.",
        "Put back the key file that belongs to the catalog, or enter the secret again.", RetryAdvice.Never, inner);
}
