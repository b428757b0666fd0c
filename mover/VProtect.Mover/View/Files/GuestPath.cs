using System.Globalization;
using System.Text;

namespace VProtect.Mover.View.Files;

/// <summary>
/// Names in guests' file systems are bytes, and need be neither text nor harmless. They are shown as text from which the bytes can be had again: what is no UTF-8, control
/// characters and the backslash are <c>\xHH</c>.
/// </summary>
public static class GuestPath
{
    /// <summary>Longest path that is taken, in bytes.</summary>
    public const int BytesMax = 4096;

    /// <summary>The text for a name or path.</summary>
    public static string Show(ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder(name.Length);
        while (!name.IsEmpty)
        {
            bool isText = Rune.DecodeFromUtf8(name, out Rune rune, out int length) == System.Buffers.OperationStatus.Done && !IsHidden(rune);
            if (isText)
            {
                text.Append(rune);
            }
            else
            {
                foreach (byte one in name[..length])
                {
                    text.Append(CultureInfo.InvariantCulture, $"\\x{one:x2}");
                }
            }

            name = name[length..];
        }

        return text.ToString();
    }

    /// <summary>The bytes of a name or path.</summary>
    /// <exception cref="FormatException">It is too long, holds a NUL, or a backslash that no <c>\xHH</c> begins with.</exception>
    public static byte[] Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var bytes = new List<byte>(text.Length);
        for (int i = 0; i < text.Length;)
        {
            if (text[i] != '\\')
            {
                int next = text.IndexOf('\\', i) is var at and >= 0 ? at : text.Length;
                bytes.AddRange(Encoding.UTF8.GetBytes(text[i..next]));
                i = next;
                continue;
            }

            bool isEscape = i + 3 < text.Length && text[i + 1] == 'x';
            bytes.Add(isEscape && byte.TryParse(text.AsSpan(i + 2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value)
                ? value
                : throw new FormatException("A backslash begins \\xHH, a byte in hexadecimal digits; a backslash itself is \\x5c."));
            i += 4;
        }

        return bytes.Count > BytesMax || bytes.Contains((byte)0)
            ? throw new FormatException($"A path has at most {BytesMax} bytes, none of them 0.")
            : [.. bytes];
    }

    // Also what turns the direction of text, so that a name cannot pass for another.
    private static bool IsHidden(Rune rune) =>
        rune.Value == '\\' || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
