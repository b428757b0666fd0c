using System.Globalization;

namespace VProtect.Server.Api.Dashboard;

/// <summary>A part of a written report.</summary>
/// <param name="Title">What it tells.</param>
/// <param name="Heads">Heads of its columns.</param>
/// <param name="Texts">The first columns are text; those behind are numbers and stand to the right.</param>
/// <param name="Rows">A text for each column.</param>
internal sealed record ReportTable(string Title, IReadOnlyList<string> Heads, int Texts, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    /// <summary>All of a report, in the order in which it is read.</summary>
    public static IEnumerable<ReportTable> Of(WrittenReport written)
    {
        ReportView report = written.Report;
        BackupStatsView stats = report.BackupStats;
        ProtectedView vm = report.Protection.Vm;
        VerificationView verification = report.Verification;
        yield return new("Backups", ["Successful", "Failed", "Cancelled", "In progress", "Queued", "Read", "Stored"], Texts: 0,
            [[Number(stats.Successful), Number(stats.Failed), Number(stats.Cancelled), Number(stats.InProgress), Number(stats.Queued), Size(stats.TotalData), Size(stats.TotalStored)]]);
        yield return new("Machines", ["Protected", "Without schedule", "Not protected"], Texts: 0, [[Number(vm.ProtectedNo), Number(vm.NoSchedule), Number(vm.NotProtected)]]);
        yield return new("Destinations", ["Name", "Used", "Available", "Before deduplication", "Days until full"], Texts: 1,
        [
            .. report.Destinations.Select(one => new[]
            {
                one.Name, Size(one.TotalUsedSpace), Size(one.TotalAvailableSpace), Size(one.LogicalSize), one.DaysUntilFull is { } days ? Number((long)days) : "",
            }),
        ]);
        yield return new("Verification", ["Found whole", "Not verified", "Damaged", "Last verified", "Last restored"], Texts: 0,
            [[Number(verification.Verified), Number(verification.NotVerified), Number(verification.Damaged), Ever(verification.LastVerified), Ever(verification.LastRestored)]]);
        yield return new(Some("Failed backups", report.FailedBackups.Count, stats.Failed), ["Machine", "Time", "Destination", "Why"], Texts: 4,
            [.. report.FailedBackups.Select(one => new[] { one.Vm.Name ?? "", Time(one.Time), one.BackupDestination.Name ?? "", one.StatusInfo ?? "" })]);
        yield return new(Some("Not up to date", report.Overdue.Count, report.OverdueNo), ["Machine", "Last good backup", "Was due"], Texts: 3,
            [.. report.Overdue.Select(one => new[] { one.Vm.Name ?? "", Ever(one.LastSuccessfulBackup), one.Due is { } due ? Time(due) : "" })]);
        yield return new(
            written.Machines.Count < Report.MachinesMax ? "Stored and read by machine" : $"Stored and read by machine: the {Number(Report.MachinesMax)} that stored most",
            ["Machine", "Tenant", "Policy", "Backups", "Stored", "Read"], Texts: 3,
            [
                .. written.Machines.Select(one => new[]
                {
                    one.Name, one.TenantId ?? "", written.Policies[one.PolicyGuid]?.Name ?? "", Number(one.Sums.Points), Size(one.Sums.StoredBytes), Size(one.Sums.ChangedBytes),
                }),
            ]);
    }

    public static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Ever(DateTimeOffset? time) => time is { } known ? Time(known) : "never";

    private static string Some(string title, long shown, long all) => all > shown ? $"{title}: {Number(shown)} of {Number(all)}" : title;

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
