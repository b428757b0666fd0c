using PdfSharp.Fonts;
using VProtect.Abstractions;

namespace VProtect.Server.Api.Dashboard;

/// <summary>
/// The fonts of PDF files, from Debian's packages: DejaVu (fonts-dejavu-core, as free as Bitstream Vera) for Latin, Greek, Cyrillic and the like; where they are there, Droid Sans Fallback
/// (fonts-droid-fallback, Apache-2.0) for Chinese and Japanese, and Nanum Gothic (fonts-nanum, OFL-1.1) for Korean. The characters used are embedded.
/// </summary>
internal sealed class PdfFonts : IFontResolver
{
    public const string Sans = "sans";

    private const string Folder = "/usr/share/fonts/truetype/";

    private static readonly OrderedDictionary<string, string> _files = new()
    {
        [Sans] = Folder + "dejavu/DejaVuSans.ttf",
        [Sans + " bold"] = Folder + "dejavu/DejaVuSans-Bold.ttf",
        ["droid"] = Folder + "droid/DroidSansFallbackFull.ttf",
        ["nanum"] = Folder + "nanum/NanumGothic.ttf",
    };

    static PdfFonts() => GlobalFontSettings.FontResolver = new PdfFonts();

    /// <summary>Where to look for a character that <see cref="Sans"/> lacks, in this order; those that are installed.</summary>
    public static IEnumerable<string> Fallbacks => _files.Where(one => !one.Key.StartsWith(Sans, StringComparison.Ordinal) && File.Exists(one.Value)).Select(one => one.Key);

    /// <summary>To be called before anything is written.</summary>
    /// <exception cref="VProtectException">There are no fonts.</exception>
    public static void Require()
    {
        if (!File.Exists(_files[Sans]) || !File.Exists(_files[Sans + " bold"]))
        {
            throw new VProtectException(
                ErrorCode.NotSupported, ErrorSide.Request, "The appliance has no fonts to write a PDF with.",
                "Install them there: apt-get install fonts-dejavu-core fonts-droid-fallback. Or use POST /api/dashboard/report-html.");
        }
    }

    /// <inheritdoc/>
    public FontResolverInfo? ResolveTypeface(string familyName, bool isBold, bool isItalic) =>
        new(familyName == Sans && isBold ? Sans + " bold" : familyName);

    /// <inheritdoc/>
    public byte[]? GetFont(string faceName) => _files.TryGetValue(faceName, out string? file) ? File.ReadAllBytes(file) : null;
}
