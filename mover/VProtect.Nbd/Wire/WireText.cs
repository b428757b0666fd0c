using System.Globalization;
using System.Text;

namespace VProtect.Nbd.Wire;

/// <summary>Strings of the protocol: UTF-8, not terminated. Those a peer sends are cleaned before people see them.</summary>
internal static class WireText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A name exactly as sent; null when it is not UTF-8 or holds a NUL.</summary>
    public static string? ReadName(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return bytes.Length > WireLimits.StringBytesMax || bytes.Contains((byte)0) ? null : Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>Free text for a message: short, one line, nothing a terminal would act on.</summary>
    public static string ReadForPeople(ReadOnlySpan<byte> bytes)
    {
        string text = Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, 1024)]);
        var clean = new StringBuilder(Math.Min(text.Length, 256));
        foreach (char c in text)
        {
            if (clean.Length == 256)
            {
                break;
            }

            bool harmless = !char.IsControl(c) && !char.IsSurrogate(c)
                && char.GetUnicodeCategory(c) is not (UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
            clean.Append(harmless ? c : ' ');
        }

        return clean.ToString().Trim();
    }
}
