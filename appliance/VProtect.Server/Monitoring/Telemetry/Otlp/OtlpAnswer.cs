using System.Globalization;
using System.Text;

namespace VProtect.Server.Monitoring.Telemetry.Otlp;

/// <summary>What a receiver answers that took a request: <c>1 partial_success { 1 rejected  2 error_message }</c>.</summary>
internal static class OtlpAnswer
{
    private const int TextMax = 500;

    /// <summary>What it did not take, or warns of, for people; null when it took all, or answers what is no such message.</summary>
    public static string? Refused(ReadOnlySpan<byte> answer)
    {
        if (!TryRead(ref answer, out ulong tag, out _, out ReadOnlySpan<byte> partial) || tag != Tag(1, 2))
        {
            return null;
        }

        ulong rejected = 0;
        string message = "";
        while (TryRead(ref partial, out tag, out ulong number, out ReadOnlySpan<byte> text))
        {
            if (tag == Tag(1, 0))
            {
                rejected = number;
            }
            else if (tag == Tag(2, 2))
            {
                message = Encoding.UTF8.GetString(text[..Math.Min(text.Length, TextMax)]).ReplaceLineEndings(" ");
            }
        }

        return rejected == 0 && message.Length == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"did not take {rejected} of what was sent: {message}");
    }

    private static ulong Tag(int field, int type) => ((ulong)field << 3) | (uint)type;

    /// <summary>Reads a field that is a number or bytes; false at the end, and at what is neither.</summary>
    private static bool TryRead(ref ReadOnlySpan<byte> message, out ulong tag, out ulong number, out ReadOnlySpan<byte> bytes)
    {
        number = 0;
        bytes = [];
        if (!TryReadNumber(ref message, out tag) || (tag & 7) is not (0 or 2) || !TryReadNumber(ref message, out number))
        {
            return false;
        }

        if ((tag & 7) == 2)
        {
            if (number > (ulong)message.Length)
            {
                return false;
            }

            bytes = message[..(int)number];
            message = message[(int)number..];
        }

        return true;
    }

    private static bool TryReadNumber(ref ReadOnlySpan<byte> message, out ulong value)
    {
        value = 0;
        for (int at = 0; at < message.Length && at < 10; at++)
        {
            value |= (ulong)(message[at] & 0x7F) << (7 * at);
            if (message[at] < 0x80)
            {
                message = message[(at + 1)..];
                return true;
            }
        }

        return false;
    }
}
