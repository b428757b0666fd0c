using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using VProtect.Mover.Reduce.Chunking;

namespace VProtect.Mover.Seal.Encryption;

/// <summary>Keys from pass phrases, slowly, and keys from keys, quickly.</summary>
/// <remarks>Pure functions: thread-safe.</remarks>
public static class KeyDerivation
{
    /// <summary>
    /// Iterations of PBKDF2 for new repositories, after OWASP's password storage recommendation of 2023 for HMAC-SHA-256.
    /// A repository keeps the number it was made with.
    /// </summary>
    public const int DefaultIterations = 600_000;

    /// <summary>Bytes of a parent key.</summary>
    public const int KeyLengthBytes = 32;

    private const int SaltLengthMinBytes = 16;

    // Half of a surrogate pair is an error, not a replacement character that other pass phrases would share.
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The key of a pass phrase: PBKDF2-HMAC-SHA-256 (RFC 8018) of its UTF-8.</summary>
    /// <remarks>
    /// Takes some tenths of a second by intention. The text is taken as it is, not normalized here:
    /// <see cref="string.Normalize()"/> does nothing, silently, where globalization is invariant, as in our program, and
    /// the same pass phrase must make the same key wherever the repository is opened.
    /// </remarks>
    /// <param name="passPhrase">As typed; a user interface normalizes it to form C, as keyboards mostly do already.</param>
    /// <param name="salt">16 bytes or more, random, kept beside what the key opens.</param>
    /// <param name="output">Filled with the key.</param>
    /// <param name="iterations">Cost; 1 or more.</param>
    /// <exception cref="ArgumentException">
    /// The salt is too short, or the pass phrase is empty or no valid UTF-16.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">Iterations are not positive.</exception>
    public static void FromPassPhrase(
        string passPhrase, ReadOnlySpan<byte> salt, Span<byte> output, int iterations = DefaultIterations)
    {
        ArgumentException.ThrowIfNullOrEmpty(passPhrase);
        if (salt.Length < SaltLengthMinBytes)
        {
            throw new ArgumentException("A salt has 16 bytes or more.", nameof(salt));
        }

        using SecretBytes utf8 = new(StrictUtf8.GetByteCount(passPhrase));
        StrictUtf8.GetBytes(passPhrase, utf8.Span);
        Rfc2898DeriveBytes.Pbkdf2(utf8.Span, salt, output, iterations, HashAlgorithmName.SHA256);
    }

    /// <summary>
    /// The subkey of a key for one purpose and one subject, for example of the repository key for encrypting one pack. Nothing
    /// follows from a subkey about the key or other subkeys.
    /// </summary>
    /// <param name="key">32 bytes.</param>
    /// <param name="context">The purpose: hard-coded and unique, see <see cref="Blake3.DeriveKey(string, ReadOnlySpan{byte}, Span{byte})"/>.</param>
    /// <param name="subject">What it is for, such as the id of a pack; at most 224 bytes; empty when there is one only.</param>
    /// <param name="output">Filled with the subkey.</param>
    /// <exception cref="ArgumentException">A length is not as stated.</exception>
    [SkipLocalsInit]
    public static void Subkey(
        ReadOnlySpan<byte> key, string context, ReadOnlySpan<byte> subject, Span<byte> output)
    {
        const int MaterialLengthMax = 256;
        if (key.Length != KeyLengthBytes || subject.Length > MaterialLengthMax - KeyLengthBytes)
        {
            throw new ArgumentException("A key has 32 bytes, a subject at most 224.");
        }

        // The key's length is fixed, so no two pairs of key and subject make the same material.
        Span<byte> material = stackalloc byte[MaterialLengthMax];
        key.CopyTo(material);
        subject.CopyTo(material[KeyLengthBytes..]);
        Blake3.DeriveKey(context, material[..(KeyLengthBytes + subject.Length)], output);
        CryptographicOperations.ZeroMemory(material);
    }
}
