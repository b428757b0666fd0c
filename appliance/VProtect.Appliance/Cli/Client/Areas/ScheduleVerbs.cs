using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect schedule …</c>: when rules run.</summary>
internal static class ScheduleVerbs
{
    public static Resource Schedule { get; } = new()
    {
        Noun = "schedule",
        Path = "/schedules",
        ListVerb = "schedule list",
        Columns =
        [
            Column.Text("name", "name", shrinks: true), Column.Text("active", "active"), Column.Word("starts", "type"), Column.Word("reads", "backupType"), new Column("when", When, Shrinks: true),
            new Column("next (UTC)", row => Next(row).Select(JsonReading.Minute).FirstOrDefault()), Column.Text("policies", "policies", shrinks: true),
        ],
        Details =
        [
            Column.Text("name", "name"), Column.Text("active", "active"), Column.Word("starts", "type"), Column.Word("reads", "backupType"), new Column("when", When), Column.Text("time zone", "timeZone"),
            new Column("start window", row => row.Number("startWindowLength") is > 0 and var window ? SizeText.OfWhole(TimeSpan.FromMilliseconds(window)) : null), Column.Text("rules", "rules"), Column.Text("policies", "policies"),
            Column.Time("last run (UTC)", "lastRun"), new Column("next runs (UTC)", row => string.Join(", ", Next(row).Select(JsonReading.Minute))), Column.Text("tenant", "tenantId"),
        ],
    };

    private static readonly string[] _days = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];

    private static readonly string[] _months =
        ["JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER"];

    private static readonly string[] _occurrences = ["FIRST_IN_MONTH", "SECOND_IN_MONTH", "THIRD_IN_MONTH", "FOURTH_IN_MONTH", "LAST_IN_MONTH"];

    public static Verb New(ClientVerbs verbs)
    {
        Field[] members =
        [
            Field.Flag("--active", "active", "Whether it runs."), Field.Word("--type", "type", "What it starts", "VM_BACKUP", "VM_SNAPSHOT"), Field.Word("--backup-type", "backupType", "How much backups read", "FULL", "INCREMENTAL"),
            Field.Clock("--at", "hour", "Time of day."), Field.Duration("--every", "interval.frequency", "Every so often, instead of a time of day."), Field.Clock("--between", "interval.startHour", "With --every: from this time of day,"),
            Field.Clock("--and", "interval.endHour", "to this one."), Field.Text("--cron", "cron", "Minute, hour, day of month, month, day of week, instead.", "CRON"), Field.Text("--time-zone", "timeZone", "Whose times these are; UTC otherwise.", "ZONE"),
            Field.Words("--days", "daysOfWeek", "Only on these days", _days), Field.Words("--months", "months", "Only in these months", _months), Field.Words("--occurrences", "dayOfWeekOccurrences", "Only these of a month's weekdays", _occurrences),
            Field.Duration("--window", "startWindowLength", "How long after its time a run may still begin."), Field.References(verbs, "--rule", "rules", RuleVerbs.BackupRule, "A rule that it starts; replaces all."), Field.Text("--tenant", "tenantId", "Tenant that it belongs to.", "ID"),
        ];
        return verbs.Area(
            "schedule", "When rules run.",
            verbs.List(
                Schedule, "Lists schedules.",
                [Field.Word("--type", "type", "Only those that start", "VM_BACKUP", "VM_SNAPSHOT"), Field.Reference(verbs, "--machine", "protected-entity", MachineVerbs.Machine, "Only those that start something for this machine.", bare: true)],
                ("vprotect schedule list", "with their next runs"), ("vprotect schedule list --machine web1", "when is this machine's turn?")),
            verbs.Show(Schedule, "Shows a schedule and its next runs.", ("vprotect schedule show at-22", "by name or guid")),
            verbs.Create(
                "create", Schedule, "Makes a schedule.", members, Complete, told: null,
                ("vprotect schedule create at-22 --at 22:00 --time-zone Europe/Berlin", "every day"), ("vprotect schedule create often --every 15m --between 08:00 --and 18:00 --days monday,tuesday,wednesday,thursday,friday", "while people work"),
                ("vprotect schedule create monthly --at 02:00 --days sunday --occurrences first-in-month --backup-type full", "the first Sunday"), ("vprotect schedule create odd --cron '30 3 1,15 * *'", "as cron has it")),
            verbs.Update(Schedule, "Changes a schedule; what is not named stays.", members, ("vprotect schedule update at-22 --at 23:00", "an hour later")),
            verbs.Delete("delete", Schedule, "Deletes schedules that start no rule.", warning: null, ("vprotect schedule delete odd", "refused while a rule needs it")),
            NewNext(verbs), ForecastVerbs.NewForecast(verbs));
    }

    /// <summary>An interval without times of day is the whole day.</summary>
    private static void Complete(JsonObject body)
    {
        if (body["interval"] is JsonObject interval)
        {
            interval["startHour"] ??= 0;
            interval["endHour"] ??= (long)TimeSpan.FromDays(1).TotalMilliseconds - 60_000;
        }
    }

    private static Verb NewNext(ClientVerbs verbs)
    {
        Argument<string> name = ObjectArgument.New(verbs, Schedule);
        return verbs.Doing(
            new Verb("next", "Tells when a schedule runs next.") { name }.WithExamples(("vprotect schedule next at-22", "the next times, UTC")),
            async (client, cancellationToken) =>
            {
                JsonElement found = await ObjectNames.FindAsync(client.Api, Schedule, client.Parsed.GetRequiredValue(name), cancellationToken);
                JsonElement whole = (await client.Api.GetAsync(Schedule.PathOf(ObjectNames.GuidOf(found)), cancellationToken)).Body;
                if (client.IsJson)
                {
                    client.WriteJson(whole.Member("nextRuns").GetRawText());
                    return ExitCodes.Success;
                }

                foreach (DateTimeOffset run in Next(whole))
                {
                    client.Say($"{run.UtcDateTime.ToString("ddd yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC");
                }

                if (!Next(whole).Any())
                {
                    client.Note("It does not run.");
                }

                return ExitCodes.Success;
            });
    }

    private static IEnumerable<DateTimeOffset> Next(JsonElement schedule) =>
        schedule.Items("nextRuns").Where(run => run.ValueKind == JsonValueKind.Number).Select(run => DateTimeOffset.FromUnixTimeMilliseconds(run.GetInt64()));

    /// <summary>In words: <c>22:00 on Sunday, first in month</c>, <c>every 15 min from 08:00 to 18:00</c>.</summary>
    private static string? When(JsonElement schedule)
    {
        string? times = schedule.Text("executionType") switch
        {
            "CRON" => $"cron {schedule.Text("cron")}",
            "INTERVAL" => $"every {Span(schedule.Number("interval.frequency"))} from {Clock(schedule.Number("interval.startHour"))} to {Clock(schedule.Number("interval.endHour"))}",
            _ => Clock(schedule.Number("hour")),
        };
        string days = Names(schedule, "daysOfWeek", 3);
        string months = Names(schedule, "months", 3);
        string occurrences = string.Join(", ", schedule.Items("dayOfWeekOccurrences").Select(Word));
        return times + (days.Length > 0 ? $" on {days}" : "") + (occurrences.Length > 0 ? $", {occurrences}" : "") + (months.Length > 0 ? $" in {months}" : "");
    }

    private static string Names(JsonElement schedule, string member, int letters) => string.Join(", ", schedule.Items(member)
        .Select(Word).Where(word => word.Length > 0).Select(word => char.ToUpperInvariant(word[0]) + word[1..Math.Min(letters, word.Length)]));

    private static string Word(JsonElement item) => ((item.ValueKind == JsonValueKind.String ? item.GetString() : item.Text("name")) ?? "").Replace('_', ' ').ToLowerInvariant();

    private static string Clock(long? milliseconds) => milliseconds is { } value ? TimeSpan.FromMilliseconds(value).ToString(@"hh\:mm", CultureInfo.InvariantCulture) : "-";

    private static string Span(long? milliseconds) => milliseconds is { } value
        ? TimeSpan.FromMilliseconds(value) is { TotalMinutes: < 60 } minutes ? $"{minutes.TotalMinutes.ToString("0", CultureInfo.InvariantCulture)} min" : $"{(value / 3_600_000.0).ToString("0.##", CultureInfo.InvariantCulture)} h"
        : "-";
}
