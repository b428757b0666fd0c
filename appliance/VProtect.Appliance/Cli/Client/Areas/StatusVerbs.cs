using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect status|report|chargeback</c>: how the whole appliance is.</summary>
internal static class StatusVerbs
{
    private static readonly Column[] _failed = [Column.Id("restore point"), Column.Text("machine", "vm"), Column.Time("time (UTC)", "time"), Column.Text("destination", "backupDestination"), Column.Text("why", "statusInfo", shrinks: true)];

    private static readonly Column[] _overdue = [Column.Text("machine", "vm"), Column.Time("last good backup (UTC)", "lastSuccessfulBackup"), Column.Time("was due (UTC)", "due")];

    private static readonly Column[] _space =
    [
        Column.Text("destination", "name"), Column.Bytes(">used", "totalUsedSpace"), Column.Bytes(">free", "totalAvailableSpace"), Column.Bytes(">holds", "logicalSize"),
        new Column(">saved", row => row.Number("logicalSize") is { } holds && row.Number("totalUsedSpace") is { } used ? SizeText.Ratio(holds, used) : null),
    ];

    private static readonly Resource _charge = new()
    {
        Noun = "machine to charge for",
        Path = "/chargeback-reporting/backup-size/vm",
        ListVerb = "chargeback",
        Columns = [Column.Text("machine", "vm"), Column.Text("tenant", "tenantId"), Column.Text("policy", "vmBackupPolicy"), Column.Count(">restore points", "backups"), Column.Bytes(">bytes", "size")],
    };

    public static Verb New(ClientVerbs verbs)
    {
        var watch = new Option<bool>("--watch", "-w") { Description = "Show it again whenever something changes, until Ctrl-C." };
        var verb = new Verb("status", "Shows on one page how the appliance is: what is protected, what was done, what needs a look.") { watch };
        verb.Aliases.Add("dashboard");
        return verbs.Alone(verbs.Doing(
            verb.WithExamples(("vprotect status", "the last 24 hours"), ("vprotect status --watch", "for a screen on the wall")),
            (client, cancellationToken) => ClientVerbs.ShowOrWatchAsync(client, client.Parsed.GetValue(watch), token => FetchAsync(client, token), cancellationToken)));
    }

    public static Verb NewReport(ClientVerbs verbs)
    {
        Field[] span = Span();
        var html = new Option<string?>("--html") { Description = "Page to write, which needs nothing else; - for standard output.", HelpName = "FILE" };
        var pdf = new Option<string?>("--pdf") { Description = "PDF to write; - for standard output.", HelpName = "FILE" };
        return verbs.Alone(verbs.Doing(
            ClientVerbs.With(new Verb("report", "Writes a report to be kept, sent or printed: a page, a PDF, or both.") { html, pdf }, span)
                .WithExamples(
                    ("vprotect report --pdf report.pdf", "the last 24 hours"),
                    ("vprotect report --html november.html --from 2026-11-01 --to 2026-12-01", "a month")),
            async (client, cancellationToken) =>
            {
                (string File, string Path)[] wanted =
                [
                    .. client.Parsed.GetValue(html) is { } page ? [(page, "/dashboard/report-html")] : Array.Empty<(string, string)>(),
                    .. client.Parsed.GetValue(pdf) is { } paper ? [(paper, "/dashboard/report-pdf")] : Array.Empty<(string, string)>(),
                ];
                if (wanted.Length == 0)
                {
                    throw Invocation.BadArgument("No file to write is named.", "Use --pdf FILE, --html FILE, or both.");
                }

                var body = new JsonObject();
                await RequestBody.ApplyAsync(client, span, body, cancellationToken);
                foreach ((string file, string path) in wanted)
                {
                    using HttpResponseMessage answer = await client.Api.DownloadAsync(path, body, cancellationToken);
                    await WriteAsync(client, answer.Content, file, cancellationToken);
                }

                return ExitCodes.Success;
            }));
    }

    private static async Task WriteAsync(ClientInvocation client, HttpContent content, string file, CancellationToken cancellationToken)
    {
        // Whole before a file is touched: a cut answer spoils no report of yesterday.
        byte[] report = await content.ReadAsByteArrayAsync(cancellationToken);
        if (file == "-")
        {
            await using Stream output = Console.OpenStandardOutput();
            await output.WriteAsync(report, cancellationToken);
            return;
        }

        try
        {
            await File.WriteAllBytesAsync(file, report, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Invocation.BadArgument($"'{file}' cannot be written: {exception.Message}", "Name a file that you may write.");
        }

        client.Say($"Wrote {file}.");
        if (client.IsJson)
        {
            client.WriteJson(new JsonObject { ["file"] = file }.ToJsonString());
        }
    }

    public static Verb NewChargeback(ClientVerbs verbs)
    {
        Field[] fields = [.. Span(), Field.References(verbs, "--vm", "vms", MachineVerbs.Machine, "Only this machine."), Field.Text("--tenant", "tenantId", "Only machines of this tenant.", "ID")];
        var transferred = new Option<bool>("--transferred") { Description = "What was read, instead of what is stored." };
        return verbs.Alone(verbs.Doing(
            ClientVerbs.With(new Verb("chargeback", "Adds up what each machine has stored or transferred; the last 30 days when nothing is said.") { transferred }, fields)
                .WithExamples(("vprotect chargeback --tenant acme --from 2026-11-01 --to 2026-12-01", "a bill")),
            async (client, cancellationToken) =>
            {
                var body = new JsonObject();
                await RequestBody.ApplyAsync(client, fields, body, cancellationToken);
                string path = client.Parsed.GetValue(transferred) ? "/chargeback-reporting/transfer-size/vm" : _charge.Path;
                ApiAnswer answer = await client.Api.SendAsync(HttpMethod.Post, path, body, [], cancellationToken);
                ClientVerbs.WriteList(client, client.Terminal.Out, _charge, new ObjectList([.. answer.Body.Items("")], Total: null));
                return ExitCodes.Success;
            }));
    }

    private static Field[] Span() => [Field.Moment("--from", "from", "From then on."), Field.Moment("--to", "to", "Before then.")];

    private static async Task<Action<TextWriter>> FetchAsync(ClientInvocation client, CancellationToken cancellationToken)
    {
        ApiAnswer report = await client.Api.GetAsync("/dashboard/report", cancellationToken);
        if (client.IsJson)
        {
            return writer => writer.WriteLine(report.Text);
        }

        ObjectList running = await ObjectList.ReadAsync(client.Api, TaskVerbs.Task, [("state", "RUNNING,QUEUED")], limit: 10, cancellationToken);
        return writer => Write(client, writer, report.Body, running);
    }

    private static void Write(ClientInvocation client, TextWriter writer, JsonElement report, ObjectList running)
    {
        JsonElement protection = report.Member("protection.vm");
        JsonElement backups = report.Member("backupStats");
        Listing.Write(writer,
        [
            ("server", client.Api.Server),
            ("machines", $"{Count(protection, "protectedNo")} protected, {Count(protection, "noSchedule")} without a schedule, {Count(protection, "notProtected")} in no policy"),
            ("backups, 24 h", $"{Count(backups, "successful")} good, {Count(backups, "failed")} failed, {Count(backups, "cancelled")} cancelled, {Count(backups, "inProgress")} running, {Count(backups, "queued")} waiting"),
            ("data, 24 h", $"{SizeText.Of(backups.Number("totalData") ?? 0)} read, {SizeText.Of(backups.Number("totalStored") ?? 0)} stored"),
        ]);
        WritePart(client, writer, _space, [.. report.Items("destinations")], "");
        WritePart(client, writer, TaskVerbs.Task.Columns, running.Rows, $"At work or waiting: {running.Total ?? running.Rows.Count}");
        WritePart(client, writer, _failed, [.. report.Items("failedBackups")], "Failed backups");
        WritePart(client, writer, _overdue, [.. report.Items("overdue").Take(20)], $"Overdue machines: {report.Number("overdueNo") ?? 0}");
    }

    private static void WritePart(ClientInvocation client, TextWriter writer, IReadOnlyList<Column> columns, IReadOnlyList<JsonElement> rows, string title)
    {
        if (rows.Count == 0)
        {
            return;
        }

        writer.WriteLine();
        if (title.Length > 0)
        {
            writer.WriteLine(title);
        }

        Table.Write(writer, columns, rows, client.Terminal.Width);
    }

    private static string Count(JsonElement element, string member) => (element.Number(member) ?? 0).ToString(CultureInfo.InvariantCulture);
}
