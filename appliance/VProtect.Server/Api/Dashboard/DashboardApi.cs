using System.Globalization;
using System.Net.Mime;
using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Statistics;
using VProtect.Server.Access;
using VProtect.Server.Api.Settings;
using VProtect.Server.Api.Shared;
using VProtect.Server.Rebuild;

namespace VProtect.Server.Api.Dashboard;

/// <summary>Numbers at a glance, and reports.</summary>
internal static class DashboardApi
{
    private const int RowsMax = 10_000;
    private const string Html = "text/html";

    /// <summary>One PDF at a time is written: one of 10,000 machines allocates 150 MiB and takes a processor for a second or two.</summary>
    private static readonly SemaphoreSlim _pdfTurn = new(1);

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder dashboard = api.MapGroup("/dashboard").WithTags("dashboard");
        dashboard.MapGet("/protection", ProtectionAsync).Describe("Tells how many machines are protected.", Permission.InventoryRead);
        dashboard.MapGet("/backup-stats", StatsAsync).Describe("Tells how backups of a span of time ended.", Permission.BackupsRead, 400);
        dashboard.MapGet("/staging-space", StagingAsync).Describe("Tells the working space of nodes.", Permission.NodesRead);
        dashboard.MapGet("/backup-destination-stats", DestinationsAsync).Describe("Tells the space of destinations.", Permission.DestinationsRead);
        dashboard.MapGet("/vm-backup-size-stats", SizesAsync).Describe("Adds up backups by machine, the most stored first.", Permission.BackupsRead, 400);
        dashboard.MapGet("/report", ReportAsync).Describe("Tells what was done in a span of time and what needs a look.", Permission.BackupsRead, 400);
        dashboard.MapPost("/report-html", HtmlAsync).Describe("Writes the report as a page that needs nothing else.", Permission.BackupsRead, 400)
            .Produces<string>(StatusCodes.Status200OK, Html);
        dashboard.MapPost("/report-pdf", PdfAsync).Describe("Writes the report as PDF, A4.", Permission.BackupsRead, 400, 422)
            .Produces<Stream>(StatusCodes.Status200OK, MediaTypeNames.Application.Pdf);
        dashboard.MapPost("/report-email", EmailAsync).Describe("Refuses: reports are not sent by mail.", Permission.BackupsRead, 422);
    }

    private static async Task<Ok<ProtectionView>> ProtectionAsync(CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return TypedResults.Ok(await Report.ProtectionAsync(session, cancellationToken));
    }

    private static async Task<Ok<BackupStatsView>> StatsAsync(
        [AsParameters] SpanQuery span, CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return TypedResults.Ok(await Report.StatsAsync(session, span.ToSpan(time), cancellationToken));
    }

    private static async Task<Ok<StagingView>> StagingAsync(CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        IReadOnlyList<Node> nodes = (await session.Nodes.ListAsync(new ListQuery { Size = ListQuery.SizeMax }, cancellationToken)).Rows;
        return TypedResults.Ok(new StagingView(
            Total(nodes, node => node.StagingTotalBytes),
            Total(nodes, node => node.StagingUsedBytes),
            [.. nodes.Select(node => new NodeSpaceView(node.Guid, node.Name, node.StagingTotalBytes, node.StagingUsedBytes))]));
    }

    // Nodes tell what they like.
    private static long Total(IReadOnlyList<Node> nodes, Func<Node, long> bytes) =>
        (long)Math.Clamp(nodes.Sum(node => (decimal)bytes(node)), long.MinValue, long.MaxValue);

    private static async Task<Ok<List<DestinationSpaceView>>> DestinationsAsync(CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return TypedResults.Ok(await Report.DestinationsAsync(session, time.GetUtcNow(), cancellationToken));
    }

    private static async Task<Ok<List<MachineSizeView>>> SizesAsync(
        [AsParameters] SpanQuery span, int? size, CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        if (size is < 1 or > RowsMax)
        {
            throw new InvalidFieldException("size", "It is out of range.", $"Ask for 1 to {RowsMax} machines.");
        }

        Span of = span.ToSpan(time);
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        IReadOnlyList<MachineSums> sums = await session.Statistics.ByMachineAsync(of.From, of.To, machines: null, tenant: null, size ?? 100, cancellationToken);
        return TypedResults.Ok(sums.Select(one => new MachineSizeView(
            new NameAndGuid(one.MachineGuid, one.Name), one.Sums.Points, one.Sums.SizeBytes, one.Sums.ChangedBytes, one.Sums.StoredBytes)).ToList());
    }

    private static async Task<Ok<ReportView>> ReportAsync(
        [AsParameters] SpanQuery span, CatalogDatabase catalog, Succession succession, TimeProvider time, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ReportView report = await Report.OfAsync(session, span.ToSpan(time), cancellationToken);
        return TypedResults.Ok(report with { Superseded = succession.IsSuperseded });
    }

    private static async Task<ContentHttpResult> HtmlAsync(
        ReportRequest request, HttpContext context, CatalogDatabase catalog, LiveSettings settings, TimeProvider time, CancellationToken cancellationToken)
    {
        string page = ReportPage.Write(await WrittenAsync(request, catalog, settings, time, cancellationToken));
        context.Response.Headers.ContentSecurityPolicy = ReportPage.ContentSecurityPolicy;
        return TypedResults.Content(page, Html, System.Text.Encoding.UTF8);
    }

    private static async Task<FileContentHttpResult> PdfAsync(
        ReportRequest request, CatalogDatabase catalog, LiveSettings settings, TimeProvider time, CancellationToken cancellationToken)
    {
        WrittenReport report = await WrittenAsync(request, catalog, settings, time, cancellationToken);
        await _pdfTurn.WaitAsync(cancellationToken);
        try
        {
            string day = report.Report.To.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            return TypedResults.File(ReportPdf.Write(report, cancellationToken), MediaTypeNames.Application.Pdf, $"vprotect-report-{day}.pdf");
        }
        finally
        {
            _pdfTurn.Release();
        }
    }

    private static async Task<WrittenReport> WrittenAsync(
        ReportRequest request, CatalogDatabase catalog, LiveSettings settings, TimeProvider time, CancellationToken cancellationToken)
    {
        var span = Span.Of(request.From, request.To, TimeSpan.FromDays(1), time);
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return await Report.WrittenAsync(session, span, settings.Current.ApplianceName, time.GetUtcNow(), cancellationToken);
    }

    private static NoContent EmailAsync() => throw new VProtectException(
        ErrorCode.NotSupported, ErrorSide.Request, "Reports are not sent by mail.", "Use POST /api/dashboard/report-pdf or report-html and send the file with the mailer you have.");
}
