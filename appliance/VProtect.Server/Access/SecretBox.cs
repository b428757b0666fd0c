using System.Security.Cryptography;
using VProtect.Abstractions;

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
/// While the key changes there are two, <c>secret.key</c> and <c>secret.key.next</c>: both open, the next one seals (<see cref="KeyRotation"/>).
/// </summary>
internal sealed class SecretBox
{
    private const byte Version = 1;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int HeadBytes = 1 + NonceBytes + TagBytes;
    private const int KeyBytes = 32;

    private readonly string _path;

    /// <summary>The first one seals; all of them open. Replaced as a whole.</summary>
    private volatile byte[][] _keys;

    private SecretBox(string path, byte[][] keys)
    {
        _path = path;
        _keys = keys;
    }

    /// <summary>Whether a change of the key has begun and not ended.</summary>
    public bool HasNextKey => File.Exists(NextPath);

    private string NextPath => _path + ".next";

    /// <summary>Reads the key file, making it when there is none, and the next key when a change of it has begun.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.SecretUnreadable"/>: it is no key.</exception>
    public static SecretBox Open(string path)
    {
        if (!File.Exists(path))
        {
            PrivateFile.Write(path, RandomNumberGenerator.GetBytes(KeyBytes));
        }

        var box = new SecretBox(path, [Read(path)]);
        if (box.HasNextKey)
        {
            box._keys = [Read(box.NextPath), .. box._keys];
        }

        return box;
    }

    /// <summary>Seals with a new key from now on, which is on disk beside the one before when this returns; or goes on with the one that is there.</summary>
    public void BeginNextKey()
    {
        if (!HasNextKey)
        {
            PrivateFile.Write(NextPath, RandomNumberGenerator.GetBytes(KeyBytes));
            _keys = [Read(NextPath), .. _keys];
        }
    }

    /// <summary>Puts the next key in the place of the one before, which no secret may need any more. What was read before still opens, in this process.</summary>
    public void EndNextKey()
    {
        File.Move(NextPath, _path, overwrite: true);
        DurableDirectory.Flush(Path.GetDirectoryName(_path)!);
        _keys = _keys[..2];
    }

    /// <summary>Whether these bytes open with the key that seals now.</summary>
    public bool IsSealedWithNewest(ReadOnlySpan<byte> box, string purpose) => TryUnseal(_keys[0], box, purpose) is not null;

    /// <summary>Whether these bytes open.</summary>
    public bool Opens(ReadOnlySpan<byte> box, string purpose)
    {
        foreach (byte[] key in _keys)
        {
            if (TryUnseal(key, box, purpose) is not null)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The same secret, sealed with the key that seals now.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.SecretUnreadable"/>.</exception>
    public byte[] SealAnew(ReadOnlySpan<byte> box, string purpose)
    {
        byte[] secret = Unseal(box, purpose);
        byte[] anew = Seal(secret, purpose);
        CryptographicOperations.ZeroMemory(secret);
        return anew;
    }

    private static byte[] Read(string path)
    {
        byte[] key = File.ReadAllBytes(path);
        return key.Length == KeyBytes
            ? key
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
        using var cipher = new AesGcm(_keys[0], TagBytes);
        cipher.Encrypt(box.AsSpan(1, NonceBytes), secret, box.AsSpan(HeadBytes), box.AsSpan(1 + NonceBytes, TagBytes), Bound(purpose));
        return box;
    }

    /// <exception cref="VProtectException"><see cref="ErrorCode.SecretUnreadable"/>: another key or purpose, or changed bytes.</exception>
    public byte[] Unseal(ReadOnlySpan<byte> box, string purpose)
    {
        foreach (byte[] key in _keys)
        {
            if (TryUnseal(key, box, purpose) is { } secret)
            {
                return secret;
            }
        }

        throw new VProtectException(
            ErrorCode.SecretUnreadable, ErrorSide.Catalog, $"The secret of {purpose} cannot be opened with this appliance's key.",
            "Put back the key file that belongs to the catalog, or enter the secret again.");
    }

    private static byte[]? TryUnseal(byte[] key, ReadOnlySpan<byte> box, string purpose)
    {
        if (box.Length < HeadBytes || box[0] != Version)
        {
            return null;
        }

        byte[] secret = new byte[box.Length - HeadBytes];
        using var cipher = new AesGcm(key, TagBytes);
        try
        {
            cipher.Decrypt(box.Slice(1, NonceBytes), box[HeadBytes..], box.Slice(1 + NonceBytes, TagBytes), secret, Bound(purpose));
            return secret;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static byte[] Bound(string purpose) => [Version, .. System.Text.Encoding.UTF8.GetBytes(purpose)];
}
