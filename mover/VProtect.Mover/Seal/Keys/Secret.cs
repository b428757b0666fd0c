using System.Security.Cryptography;
using System.Text;
using VProtect.Abstractions;

namespace VProtect.Mover.Seal.Keys;

/// <summary>
/// What a person or a file gives to open a repository: a pass phrase, the content of a key file, or a recovery key.
/// Never printed.
/// </summary>
public sealed class Secret
{
    private const string Base32Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    private const int RecoveryLetters = 52;
    private const int KeyFileBytesMax = 1 << 20;

    private Secret(byte[] bytes, bool isRecoveryKey)
    {
        Bytes = bytes;
        IsRecoveryKey = isRecoveryKey;
    }

    internal ReadOnlyMemory<byte> Bytes { get; }

    internal bool IsRecoveryKey { get; }

    /// <summary>A pass phrase, or a recovery key typed in its place: 52 letters and digits, with or without separators.</summary>
    /// <exception cref="VProtectException">It is empty.</exception>
    public static Secret FromText(string text)
    {
        string letters = string.Concat(text.Where(char.IsAsciiLetterOrDigit)).ToUpperInvariant();
        bool recovery = letters.Length == RecoveryLetters
            && letters.All(Base32Alphabet.Contains)
            && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or ' ' or '\n' or '\r');
        return recovery
            ? new Secret(Encoding.ASCII.GetBytes(letters), isRecoveryKey: true)
            : FromBytes(Encoding.UTF8.GetBytes(text), "The pass phrase");
    }

    /// <summary>A key file: at most 1 MiB of anything.</summary>
    /// <exception cref="VProtectException">It cannot be read, or is empty or too large.</exception>
    public static Secret FromFile(string path)
    {
        byte[] content;
        try
        {
            var info = new FileInfo(path);
            if (info.Exists && info.Length > KeyFileBytesMax)
            {
                throw Invalid($"The key file '{path}' is larger than 1 MiB.", "Name the right file with --key-file.");
            }

            content = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Invalid($"The key file '{path}' cannot be read: {e.Message}", "Check --key-file and the file's permissions.");
        }

        try
        {
            // A pass phrase or recovery key kept in a file opens what the same text opens when typed.
            return FromText(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content));
        }
        catch (Exception e) when (e is DecoderFallbackException or ArgumentException)
        {
            return FromBytes(content, $"The key file '{path}'");
        }
    }

    /// <summary>The text that <see cref="FromText"/> makes the same of; null when it is a key file of other bytes. Whoever asks keeps it sealed.</summary>
    public string? ToText()
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Bytes.Span);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>A new recovery key: 256 random bits, and the text to keep, in groups of four.</summary>
    public static (Secret Secret, string Text) NewRecoveryKey()
    {
        byte[] random = RandomNumberGenerator.GetBytes(32);
        var letters = new StringBuilder();
        int bits = 0;
        int value = 0;
        foreach (byte b in random)
        {
            value = (value << 8) | b;
            bits += 8;
            while (bits >= 5)
            {
                letters.Append(Base32Alphabet[(value >> (bits - 5)) & 31]);
                bits -= 5;
            }

            value &= (1 << bits) - 1;
        }

        letters.Append(Base32Alphabet[(value << (5 - bits)) & 31]);
        string text = string.Join('-', letters.ToString().Chunk(4).Select(group => new string(group)));
        return (FromText(text), text);
    }

    private static Secret FromBytes(byte[] bytes, string what)
    {
        byte[] trimmed = TrimLineEnd(bytes);
        return trimmed.Length == 0
            ? throw Invalid($"{what} is empty.", "Set VPROTECT_PASSPHRASE or name a key file with --key-file.")
            : new Secret(trimmed, isRecoveryKey: false);
    }

    private static byte[] TrimLineEnd(byte[] bytes)
    {
        ReadOnlySpan<byte> rest = bytes;
        if (rest.EndsWith("\n"u8))
        {
            rest = rest[..^1];
            rest = rest.EndsWith("\r"u8) ? rest[..^1] : rest;
        }

        return rest.ToArray();
    }

    private static VProtectException Invalid(string message, string guidance) =>
        new(ErrorCode.InvalidArgument, ErrorSide.Request, message, guidance);
}
