using System.Globalization;
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

    public static string Write(ReportView report)
    {
        var page = new StringBuilder();
        page.Append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\"><title>VProtect report</title><style>")
            .Append(Style).Append("</style></head><body>\n<h1>VProtect report</h1>\n<p class=\"span\">").Append(Time(report.From)).Append(" to ").Append(Time(report.To)).Append("</p>\n");
        BackupStatsView stats = report.BackupStats;
        Table(page, "Backups", ["Successful", "Failed", "Cancelled", "In progress", "Queued", "Read", "Stored"],
            [[Number(stats.Successful), Number(stats.Failed), Number(stats.Cancelled), Number(stats.InProgress), Number(stats.Queued), Size(stats.TotalData), Size(stats.TotalStored)]], texts: 0);
        ProtectedView vm = report.Protection.Vm;
        Table(page, "Machines", ["Protected", "Without schedule", "Not protected"], [[Number(vm.ProtectedNo), Number(vm.NoSchedule), Number(vm.NotProtected)]], texts: 0);
        Table(page, "Destinations", ["Name", "Used", "Available", "Before deduplication", "Days until full"],
            report.Destinations.Select(one => new[] { one.Name, Size(one.TotalUsedSpace), Size(one.TotalAvailableSpace), Size(one.LogicalSize), one.DaysUntilFull is { } days ? Number((long)days) : "" }), texts: 1);
        VerificationView verification = report.Verification;
        Table(page, "Verification", ["Found whole", "Not verified", "Damaged", "Last verified", "Last restored"],
            [[Number(verification.Verified), Number(verification.NotVerified), Number(verification.Damaged), Ever(verification.LastVerified), Ever(verification.LastRestored)]], texts: 0);
        Table(page, stats.Failed > report.FailedBackups.Count ? $"Failed backups: {report.FailedBackups.Count} of {stats.Failed}" : "Failed backups", ["Machine", "Time", "Destination", "Why"],
            report.FailedBackups.Select(one => new[] { one.Vm.Name ?? "", Time(one.Time), one.BackupDestination.Name ?? "", one.StatusInfo ?? "" }), texts: 4);
        Table(page, report.OverdueNo > report.Overdue.Count ? $"Not up to date: {report.Overdue.Count} of {report.OverdueNo}" : "Not up to date", ["Machine", "Last good backup", "Was due"],
            report.Overdue.Select(one => new[] { one.Vm.Name ?? "", Ever(one.LastSuccessfulBackup), one.Due is { } due ? Time(due) : "" }), texts: 3);
        return page.Append("</body></html>\n").ToString();
    }

    private static void Table(StringBuilder page, string title, string[] heads, IEnumerable<string[]> rows, int texts)
    {
        page.Append("<h2>").Append(title).Append("</h2>\n");
        string[][] all = [.. rows];
        if (all.Length == 0)
        {
            page.Append("<p class=\"none\">None.</p>\n");
            return;
        }

        page.Append("<table><thead><tr>");
        Cells(page, "th", heads, texts);
        page.Append("</tr></thead><tbody>\n");
        foreach (string[] row in all)
        {
            page.Append("<tr>");
            Cells(page, "td", row, texts);
            page.Append("</tr>\n");
        }

        page.Append("</tbody></table>\n");
    }

    /// <summary>Columns behind the first <paramref name="texts"/> are numbers.</summary>
    private static void Cells(StringBuilder page, string tag, string[] cells, int texts)
    {
        foreach ((int i, string cell) in cells.Index())
        {
            page.Append('<').Append(tag).Append(i < texts ? ">" : " class=\"n\">").Append(HtmlEncoder.Default.Encode(cell)).Append("</").Append(tag).Append('>');
        }
    }

    private static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static string Ever(DateTimeOffset? time) => time is { } known ? Time(known) : "never";

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Size(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{(unit == 0 ? value : Math.Round(value, 2)):0.##} {units[unit]}");
    }
}
