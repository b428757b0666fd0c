using System.Security.Cryptography;

namespace VProtect.Mover.Seal.Encryption;

/// <summary>AES-256-GCM (NIST SP 800-38D) under one key: seals what leaves the machine, and opens what comes back.</summary>
/// <remarks>
/// One instance per key and worker: the key schedule is made once. Not thread-safe. Nothing is allocated per call, except
/// on a mismatch. The caller keeps nonces unique under a key; repeating one gives away both messages and the means to
/// forge.
/// </remarks>
public sealed class AeadCipher : IDisposable
{
    /// <summary>Bytes of a key.</summary>
    public const int KeyLengthBytes = 32;

    /// <summary>Bytes of a nonce.</summary>
    public const int NonceLengthBytes = 12;

    /// <summary>Bytes of a tag.</summary>
    public const int TagLengthBytes = 16;

    private readonly AesGcm _aes;

    /// <summary>Makes a cipher.</summary>
    /// <param name="key">32 bytes, copied into the cipher's key schedule.</param>
    /// <exception cref="ArgumentException">The key is not 32 bytes long.</exception>
    public AeadCipher(ReadOnlySpan<byte> key)
    {
        // AesGcm would take shorter keys, and so a weaker cipher, without a word.
        if (key.Length != KeyLengthBytes)
        {
            throw new ArgumentException("An AES-256 key has 32 bytes.", nameof(key));
        }

        _aes = new AesGcm(key, TagLengthBytes);
    }

    /// <summary>Encrypts and authenticates.</summary>
    /// <param name="nonce">12 bytes, never used before under this key.</param>
    /// <param name="plaintext">What is encrypted.</param>
    /// <param name="ciphertext">Filled; as long as the plaintext, and either the same memory or apart from it.</param>
    /// <param name="tag">Filled with 16 bytes.</param>
    /// <param name="associatedData">Authenticated, not encrypted: where the ciphertext belongs.</param>
    /// <exception cref="ArgumentException">A length is not as stated.</exception>
    public void Encrypt(
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> plaintext,
        Span<byte> ciphertext,
        Span<byte> tag,
        ReadOnlySpan<byte> associatedData) =>
        _aes.Encrypt(nonce, plaintext, ciphertext, tag, associatedData);

    /// <summary>Verifies and decrypts.</summary>
    /// <param name="nonce">12 bytes, as encrypted.</param>
    /// <param name="ciphertext">What is decrypted.</param>
    /// <param name="tag">16 bytes.</param>
    /// <param name="plaintext">
    /// Filled; as long as the ciphertext, and either the same memory or apart from it. Zeroed when the result is false.
    /// </param>
    /// <param name="associatedData">As encrypted.</param>
    /// <returns>
    /// False when key, nonce, ciphertext, tag or associated data is not what it was. Cannot tell which.
    /// </returns>
    /// <exception cref="ArgumentException">A length is not as stated.</exception>
    public bool Decrypt(
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> ciphertext,
        ReadOnlySpan<byte> tag,
        Span<byte> plaintext,
        ReadOnlySpan<byte> associatedData)
    {
        try
        {
            _aes.Decrypt(nonce, ciphertext, tag, plaintext, associatedData);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    /// <summary>Frees the key schedule.</summary>
    public void Dispose() => _aes.Dispose();
}
