using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace VProtect.Server.Access;

/// <summary>
/// Time-based one-time passwords of RFC 6238: HMAC-SHA-1, 6 digits, 30 seconds, as every authenticator has them. Pure.
/// </summary>
internal static class Totp
{
    public const int SecretBytes = 20;
    public const int Digits = 6;

    private const int StepSeconds = 30;
    private const string Base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>Number of the step that a moment is in.</summary>
    public static long StepOf(DateTimeOffset time) => time.ToUnixTimeSeconds() / StepSeconds;

    /// <summary>The code of a step.</summary>
    public static string CodeOf(ReadOnlySpan<byte> secret, long step)
    {
        Span<byte> counter = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> mac = stackalloc byte[HMACSHA1.HashSizeInBytes];
        // RFC 6238 is HMAC-SHA-1 as authenticators have it; HMAC does not need what SHA-1 has lost.
#pragma warning disable CA5350
        HMACSHA1.HashData(secret, counter, mac);
#pragma warning restore CA5350
        int number = (BinaryPrimitives.ReadInt32BigEndian(mac[(mac[^1] & 0xF)..]) & int.MaxValue) % 1_000_000;
        return number.ToString("D6", CultureInfo.InvariantCulture);
    }

    /// <summary>The step whose code this is: the one before now, now or the next, for clocks that differ, and later than <paramref name="last"/>; null when it is none.</summary>
    public static long? Accept(ReadOnlySpan<byte> secret, string code, DateTimeOffset now, long last)
    {
        long? found = null;
        for (long step = StepOf(now) - 1; step <= StepOf(now) + 1; step++)
        {
            if (SecretToken.AreEqual(CodeOf(secret, step), code) && step > last)
            {
                found = step;
            }
        }

        return found;
    }

    /// <summary>Base 32 of RFC 4648 without padding: 8 characters for 5 bytes; the length must be a multiple of 5.</summary>
    public static string TextOf(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length * 8 / 5);
        for (int i = 0; i + 5 <= bytes.Length; i += 5)
        {
            ulong five = ((ulong)bytes[i] << 32) | BinaryPrimitives.ReadUInt32BigEndian(bytes[(i + 1)..]);
            for (int shift = 35; shift >= 0; shift -= 5)
            {
                text.Append(Base32[(int)(five >> shift) & 31]);
            }
        }

        return text.ToString();
    }

    /// <summary>What an authenticator reads from a picture (https://github.com/google/google-authenticator/wiki/Key-Uri-Format).</summary>
    public static string UriOf(ReadOnlySpan<byte> secret, string login, string appliance) =>
        $"otpauth://totp/{Uri.EscapeDataString($"VProtect {appliance}:{login}")}?secret={TextOf(secret)}&issuer={Uri.EscapeDataString($"VProtect {appliance}")}&algorithm=SHA1&digits={Digits}&period={StepSeconds}";
}
