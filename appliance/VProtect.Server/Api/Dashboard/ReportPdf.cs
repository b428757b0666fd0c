using System.IO.Compression;
using PdfSharp;
using PdfSharp.Drawing;
using PdfSharp.Pdf;

namespace VProtect.Server.Api.Dashboard;

/// <summary>
/// A report as PDF, to be kept, sent or printed on A4.
/// <code>
/// ┌ VProtect report ──────────────────┐
/// │ appliance, span of time           │   1 what it is about
/// │ [good] [failed] [protected] …     │   2 the figures that matter
/// │ Backups                           │   3 table after table, each listed in the outline; heads again on each page
/// │ …                                 │
/// │ VProtect report · …         1 / 9 │   4 footers, once the number of pages is known
/// └───────────────────────────────────┘
/// </code>
/// </summary>
internal sealed class ReportPdf : IDisposable
{
    private const double Side = 42;
    private const double Top = 46;
    private const double Bottom = 56;
    private const double LineHeight = 11;
    private const double RowPadding = 2.5;
    private const double Gap = 10;

    /// <summary>Lines of a cell; what is longer is cut, and whole in the web UI.</summary>
    private const int LinesMax = 8;

    /// <summary>Space below a title that it does not stand without: heads and three rows.</summary>
    private const double TableHeightMin = 90;

    private static readonly XSolidBrush _ink = Brush(0x1b1f24);
    private static readonly XSolidBrush _grey = Brush(0x5a6472);
    private static readonly XSolidBrush _blue = Brush(0x0f5cad);
    private static readonly XSolidBrush _red = Brush(0xb3261e);
    private static readonly XSolidBrush _tile = Brush(0xf2f4f7);
    private static readonly XPen _line = new(XColor.FromArgb(0xd9, 0xdd, 0xe3), 0.6);

    private readonly PdfText _plain = new(8.5, isBold: false);
    private readonly PdfText _bold = new(8.5, isBold: true);
    private readonly PdfText _title = new(20, isBold: true);
    private readonly PdfText _head = new(11.5, isBold: true);
    private readonly PdfText _figure = new(17, isBold: true);
    private readonly PdfDocument _document = new();
    private XGraphics? _page;
    private double _y;

    private ReportPdf(WrittenReport report)
    {
        _document.Info.Title = $"VProtect report, {Span(report)}";
        _document.Info.Author = report.Appliance;
        _document.Info.Creator = "VProtect";
        _document.Language = "en";
        _document.PageLayout = PdfPageLayout.OneColumn;

        // What the library writes when it compresses lacks the checksum at its end, which readers complain of.
        _document.Options.CompressContentStreams = false;
    }

    private double Width => _document.Pages[0].Width.Point - (2 * Side);

    private double Floor => _document.Pages[0].Height.Point - Bottom;

    /// <summary>Writes a report, all of it in memory: a file of half a MiB for 10,000 machines.</summary>
    /// <exception cref="Abstractions.VProtectException">There are no fonts.</exception>
    public static byte[] Write(WrittenReport report, CancellationToken cancellationToken)
    {
        using var pdf = new ReportPdf(report);
        pdf.Begin(report);
        pdf.Figures(report.Report);
        foreach (ReportTable table in ReportTable.Of(report))
        {
            pdf.Table(table, cancellationToken);
        }

        pdf._page!.Dispose();
        pdf.Footers(report);
        pdf.Compress();
        using var file = new MemoryStream();
        pdf._document.Save(file, closeStream: false);
        return file.ToArray();
    }

    public void Dispose()
    {
        _page?.Dispose();
        _document.Dispose();
    }

    private static string Span(WrittenReport report) => $"{ReportTable.Time(report.Report.From)} to {ReportTable.Time(report.Report.To)}";

    private static XSolidBrush Brush(int rgb) => new XSolidBrush(XColor.FromArgb((rgb >> 16) & 0xff, (rgb >> 8) & 0xff, rgb & 0xff));

    private XGraphics NewPage()
    {
        _page?.Dispose();
        PdfPage page = _document.AddPage();
        page.Size = PageSize.A4;
        _page = XGraphics.FromPdfPage(page);
        _y = Top;
        return _page;
    }

    private void Begin(WrittenReport report)
    {
        XGraphics page = NewPage();
        page.DrawRectangle(_blue, Side, _y - 12, 36, 3);
        _title.Draw(page, "VProtect report", Side, _y + 16, _ink);
        _y += 38;
        foreach (string line in report.Appliance.Length > 0 ? _head.Lines(report.Appliance, Width, 2) : [])
        {
            _head.Draw(page, line, Side, _y, _ink);
            _y += 15;
        }

        _plain.Draw(page, Span(report), Side, _y, _grey);
        string made = $"made {ReportTable.Time(report.MadeAt)}";
        _plain.Draw(page, made, Side + Width - _plain.WidthOf(made), _y, _grey);
        _y += 16;
    }

    private void Figures(ReportView report)
    {
        (string Label, long Count, bool IsBad)[] figures =
        [
            ("Good backups", report.BackupStats.Successful, false), ("Failed backups", report.BackupStats.Failed, true),
            ("Machines protected", report.Protection.Vm.ProtectedNo, false), ("Not up to date", report.OverdueNo, true), ("Damaged backups", report.Verification.Damaged, true),
        ];
        const double height = 46;
        double width = (Width - (Gap * (figures.Length - 1))) / figures.Length;
        foreach ((int i, (string label, long count, bool isBad)) in figures.Index())
        {
            double x = Side + (i * (width + Gap));
            _page!.DrawRectangle(_tile, x, _y, width, height);
            _figure.Draw(_page, ReportTable.Number(count), x + 8, _y + 23, isBad && count > 0 ? _red : _ink);
            _plain.Draw(_page, label, x + 8, _y + 37, _grey);
        }

        _y += height;
    }

    private void Table(ReportTable table, CancellationToken cancellationToken)
    {
        _y += 26;
        if (_y + TableHeightMin > Floor)
        {
            NewPage();
            _y += 8;
        }

        _head.Draw(_page!, table.Title, Side, _y, _ink);
        _document.Outlines.Add(table.Title, _document.Pages[^1]);
        _y += 8;
        if (table.Rows.Count == 0)
        {
            _plain.Draw(_page!, "None.", Side, _y + LineHeight, _grey);
            _y += LineHeight;
            return;
        }

        double[] widths = Widths(table);
        Row(table, table.Heads, widths, _bold, _grey);
        foreach (IReadOnlyList<string> row in table.Rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Row(table, row, widths, _plain, _ink);
        }
    }

    private void Row(ReportTable table, IReadOnlyList<string> row, double[] widths, PdfText text, XBrush brush)
    {
        List<string>[] cells = [.. row.Select((cell, i) => text.Lines(cell, widths[i], LinesMax))];
        double height = (cells.Max(lines => lines.Count) * LineHeight) + (2 * RowPadding);
        if (_y + height > Floor)
        {
            NewPage();
            if (text != _bold)
            {
                Row(table, table.Heads, widths, _bold, _grey);
            }
        }

        double x = Side;
        foreach ((int i, List<string> lines) in cells.Index())
        {
            foreach ((int line, string part) in lines.Index())
            {
                double at = i < table.Texts ? x : x + widths[i] - text.WidthOf(part);
                text.Draw(_page!, part, at, _y + RowPadding + (LineHeight * (line + 1)) - 3, brush);
            }

            x += widths[i] + Gap;
        }

        _y += height;
        _page!.DrawLine(_line, Side, _y, Side + Width, _y);
    }

    /// <summary>Each column as wide as its widest cell where that fits; otherwise the widest columns share what the others leave.</summary>
    private double[] Widths(ReportTable table)
    {
        double[] wanted = [.. table.Heads.Select((head, i) => Math.Max(_bold.WidthOf(head), table.Rows.Max(row => _plain.WidthOf(row[i]))))];
        double left = Width - (Gap * (wanted.Length - 1));
        double[] widths = new double[wanted.Length];
        int columns = wanted.Length;
        foreach (int i in Enumerable.Range(0, wanted.Length).OrderBy(i => wanted[i]))
        {
            widths[i] = Math.Min(wanted[i], left / columns--);
            left -= widths[i];
        }

        // What is left over spreads the columns over the page.
        return [.. widths.Select(width => width + (left / wanted.Length))];
    }

    private void Footers(WrittenReport report)
    {
        string left = _plain.Lines(report.Appliance.Length > 0 ? $"VProtect report · {report.Appliance} · {Span(report)}" : $"VProtect report · {Span(report)}", Width - 60, 1)[0];
        for (int i = 0; i < _document.PageCount; i++)
        {
            using XGraphics page = XGraphics.FromPdfPage(_document.Pages[i], XGraphicsPdfPageOptions.Append);
            double y = Floor + 26;
            _plain.Draw(page, left, Side, y, _grey);
            string number = $"{i + 1} / {_document.PageCount}";
            _plain.Draw(page, number, Side + Width - _plain.WidthOf(number), y, _grey);
        }
    }

    private void Compress()
    {
        foreach (PdfPage page in _document.Pages)
        {
            for (int i = 0; i < page.Contents.Elements.Count; i++)
            {
                PdfDictionary content = page.Contents.Elements.GetDictionary(i)!;
                using var packed = new MemoryStream();
                using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal))
                {
                    zlib.Write(content.Stream.Value);
                }

                content.Stream.Value = packed.ToArray();
                content.Elements.SetName("/Filter", "/FlateDecode");
            }
        }
    }
}
