using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;

namespace VProtect.Server.Api.Dashboard;

/// <summary>A report as one HTML page that needs nothing else: to be kept, sent or printed.</summary>
internal static class ReportPage
{
    private const string Style =
        "body{font:15px/1.5 system-ui,sans-serif;color:#1b1f24;margin:2rem auto;max-width:60rem;padding:0 1rem}h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .5rem}" +
        ".span{color:#5a6472;margin:.2rem 0 1.5rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .8rem .35rem 0;border-bottom:1px solid #d9dde3;" +
        "vertical-align:top}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.none{color:#5a6472}" +
        "td{overflow-wrap:anywhere}td.n{white-space:nowrap}" +
        "@media screen and (prefers-color-scheme:dark){body{background:#14171b;color:#e6e9ee}th,td{border-color:#323943}.span,.none{color:#a0a9b6}}" +
        "@page{size:A4;margin:16mm 14mm 18mm;@bottom-left{content:'VProtect report';font:8pt sans-serif;color:#5a6472}@bottom-right{content:counter(page) ' / ' counter(pages);font:8pt sans-serif;color:#5a6472}}" +
        "@media print{body{font-size:9.5pt;margin:0;padding:0;max-width:none}h2{break-after:avoid}thead{display:table-header-group}tr{break-inside:avoid}th{color:#5a6472}}";

    /// <summary>What the page may load, for the header: its own style, by its hash, and nothing else.</summary>
    public static string ContentSecurityPolicy { get; } =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    public static string Write(WrittenReport report)
    {
        var page = new StringBuilder();
        page.Append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\"><title>VProtect report</title><style>")
            .Append(Style).Append("</style></head><body>\n<h1>VProtect report</h1>\n<p class=\"span\">");
        if (report.Appliance.Length > 0)
        {
            page.Append(HtmlEncoder.Default.Encode(report.Appliance)).Append("<br>");
        }

        page.Append(ReportTable.Time(report.Report.From)).Append(" to ").Append(ReportTable.Time(report.Report.To)).Append("</p>\n");
        foreach (ReportTable table in ReportTable.Of(report))
        {
            Write(page, table);
        }

        return page.Append("</body></html>\n").ToString();
    }

    private static void Write(StringBuilder page, ReportTable table)
    {
        page.Append("<h2>").Append(table.Title).Append("</h2>\n");
        if (table.Rows.Count == 0)
        {
            page.Append("<p class=\"none\">None.</p>\n");
            return;
        }

        page.Append("<table><thead><tr>");
        Cells(page, "th", table.Heads, table.Texts);
        page.Append("</tr></thead><tbody>\n");
        foreach (IReadOnlyList<string> row in table.Rows)
        {
            page.Append("<tr>");
            Cells(page, "td", row, table.Texts);
            page.Append("</tr>\n");
        }

        page.Append("</tbody></table>\n");
    }

    /// <summary>Columns behind the first <paramref name="texts"/> are numbers.</summary>
    private static void Cells(StringBuilder page, string tag, IReadOnlyList<string> cells, int texts)
    {
        foreach ((int i, string cell) in cells.Index())
        {
            page.Append('<').Append(tag).Append(i < texts ? ">" : " class=\"n\">").Append(HtmlEncoder.Default.Encode(cell)).Append("</").Append(tag).Append('>');
        }
    }
}
