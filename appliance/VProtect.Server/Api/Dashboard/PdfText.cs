using System.Globalization;
using System.Text;
using PdfSharp.Drawing;
using PdfSharp.Fonts;

namespace VProtect.Server.Api.Dashboard;

/// <summary>
/// Text of one size and weight: which font has a character, how wide it is, where lines break. A character that no font has is an empty box; what shows nothing, such as marks of direction, is
/// left out. Every character stands for itself, from left to right.
/// </summary>
internal sealed class PdfText
{
    private readonly XGraphics _measure = XGraphics.CreateMeasureContext(new XSize(1000, 1000), XGraphicsUnit.Point, XPageDirection.Downwards);
    private readonly Dictionary<Rune, Glyph?> _known = [];
    private readonly XFont _sans;
    private readonly Lazy<XFont[]> _fallbacks;

    public PdfText(double size, bool isBold)
    {
        PdfFonts.Require();
        _fallbacks = new(() => [.. PdfFonts.Fallbacks.Select(name => new XFont(name, size))]);
        _sans = new XFont(PdfFonts.Sans, size, isBold ? XFontStyleEx.Bold : XFontStyleEx.Regular);
    }

    public double WidthOf(string text) => text.EnumerateRunes().Sum(rune => Of(rune)?.Width ?? 0);

    public void Draw(XGraphics page, string text, double x, double baseline, XBrush brush)
    {
        var run = new StringBuilder();
        XFont font = _sans;
        double from = x;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (Of(rune) is not { } glyph)
            {
                continue;
            }

            if (glyph.Font != font)
            {
                DrawRun();
                font = glyph.Font;
            }

            run.Append(glyph.Shown.ToString());
            x += glyph.Width;
        }

        DrawRun();

        void DrawRun()
        {
            if (run.Length > 0)
            {
                page.DrawString(run.ToString(), font, brush, from, baseline);
                run.Clear();
            }

            from = x;
        }
    }

    /// <summary>Breaks text at spaces, or within a word that is wider than the line; what does not fit into the last line is cut.</summary>
    public List<string> Lines(string text, double width, int linesMax)
    {
        var lines = new List<string>();
        string rest = text.Trim();
        while (rest.Length > 0)
        {
            int end = EndOf(rest, width);
            if (end == rest.Length)
            {
                lines.Add(rest);
                break;
            }

            if (lines.Count == linesMax - 1)
            {
                lines.Add(rest[..EndOf(rest, width - WidthOf("…"))] + "…");
                break;
            }

            int space = rest[end] == ' ' ? end : rest.LastIndexOf(' ', end - 1);
            int at = space > 0 ? space : end;
            lines.Add(rest[..at].TrimEnd());
            rest = rest[at..].TrimStart();
        }

        return lines.Count > 0 ? lines : [""];
    }

    /// <summary>How much of the text fits; one character at least.</summary>
    private int EndOf(string text, double width)
    {
        int end = 0;
        double used = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            used += Of(rune)?.Width ?? 0;
            if (used > width && end > 0)
            {
                return end;
            }

            // An unpaired surrogate is read as another character, but is one all the same.
            end = Math.Min(text.Length, end + (rune == Rune.ReplacementChar ? 1 : rune.Utf16SequenceLength));
        }

        return text.Length;
    }

    /// <summary>Null when the character shows nothing.</summary>
    private Glyph? Of(Rune rune)
    {
        if (!_known.TryGetValue(rune, out Glyph? glyph))
        {
            glyph = Rune.GetUnicodeCategory(rune) switch
            {
                UnicodeCategory.Format => null,
                UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => With(new Rune(' '), _sans),
                _ when Has(_sans, rune) => With(rune, _sans),
                _ when _fallbacks.Value.FirstOrDefault(font => Has(font, rune)) is { } fallback => With(rune, fallback),
                _ => With(new Rune('\u25A1'), _sans),
            };
            _known.Add(rune, glyph);
        }

        return glyph;
    }

    private Glyph With(Rune shown, XFont font) => new(shown, font, _measure.MeasureString(shown.ToString(), font).Width);

    private static bool Has(XFont font, Rune rune) => GlyphHelper.GlyphIndexFromCodePoint(rune.Value, font) != 0;

    private sealed record Glyph(Rune Shown, XFont Font, double Width);
}
