using VProtect.Catalog;
using VProtect.Catalog.Statistics;
using VProtect.Server.Api.Dashboard;
using VProtect.Server.Api.Shared;
using VProtect.Testing;

namespace VProtect.Server.Tests.Api;

/// <summary>Reports of any size and with any names are files that other programs read, and no machine is lost at the end of a page.</summary>
public sealed class ReportPdfTests : IAsyncLifetime
{
    private static readonly DateTimeOffset _now = new(2026, 11, 27, 22, 0, 0, TimeSpan.Zero);

    private readonly ServerFixture _server = new();
    private NameLookup _nobody = null!;

    public async Task InitializeAsync()
    {
        await _server.InitializeAsync();
        await using CatalogSession session = await _server.Catalog().ReadAsync(default);
        _nobody = await NameLookup.OfAsync(session.Policies, [], default);
    }

    public Task DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public void Ten_thousand_machines_are_all_there_under_heads_on_every_page()
    {
        List<MachineSums> machines = [.. Enumerable.Range(0, Report.MachinesMax).Select(i => Sums($"machine-{i:D5}.example.org"))];
        (string text, int pages) = Read(Written("Basel", machines));
        Assert.All(machines, machine => Assert.Contains(machine.Name, text, StringComparison.Ordinal));
        Assert.Equal(pages, text.Split('\f', StringSplitOptions.RemoveEmptyEntries).Count(page => page.Contains("Policy", StringComparison.Ordinal) || page.Contains("1 / ", StringComparison.Ordinal)));
        Assert.InRange(pages, 150, 300);
        Assert.Contains($"{pages} / {pages}", text, StringComparison.Ordinal);
        Assert.Contains("the 10,000 that stored most", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Ünïcödé-Ж-Ωμέγα-Հայ", "Ünïcödé-Ж-Ωμέγα-Հայ")]
    [InlineData("東京-データ-数据", "東京-データ-数据")]
    [InlineData("a\u0001b\nc\u2028d", "a b c d")]
    [InlineData("safe\u202Egpj.exe", "safegpj.exe")]
    [InlineData("\uD800lone\uDFFF", "lone")]
    [InlineData("\U0001E900\U000F0000", "\u25A1\u25A1")]
    [InlineData("", "Machine")]
    public void Names_in_any_script_are_shown_or_an_empty_box_is(string name, string shown) =>
        Assert.Contains(shown, Read(Written(name, [Sums(name)])).Text, StringComparison.Ordinal);

    [Fact]
    public void What_is_long_goes_on_in_the_next_line_and_is_cut_in_the_end()
    {
        string endless = new('x', 100_000);
        (string text, int pages) = Read(Written(endless, [Sums(endless), Sums(string.Join(' ', Enumerable.Repeat("word", 30)))], why: endless));
        Assert.InRange(pages, 1, 2);
        Assert.Contains("x…", text, StringComparison.Ordinal);
        Assert.Equal(30, text.Split("word").Length - 1);
    }

    private static MachineSums Sums(string name) => new(Guid.NewGuid(), name, "tenant", PolicyGuid: null, new BackupSums(3, 1L << 40, 5L << 30, 2L << 30));

    private WrittenReport Written(string appliance, IReadOnlyList<MachineSums> machines, string? why = null) => new(
        appliance, _now,
        new ReportView(
            _now.AddDays(-1), _now, new(new(0, 0, 0), new(9_871, 12, 117), new(0, 0, 0)), new(9_840, 2, 0, 4, 11, 5L << 40, 1L << 39),
            [new(Guid.NewGuid(), "main", 5L << 40, 20L << 40, 90L << 40, 812.4), new(Guid.NewGuid(), "offsite", 1L << 40, 0, 2L << 40, null)],
            why is null ? [] : [new(Guid.NewGuid(), new(Guid.NewGuid(), "db1"), _now, new(Guid.NewGuid(), "main"), why)], [], 0, new(120, 30, 1, _now, null)),
        machines, _nobody);

    private static (string Text, int Pages) Read(WrittenReport report)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["report.pdf"], ReportPdf.Write(report, default));
        Tool.Run("qpdf", "--check", directory["report.pdf"]);
        return (Tool.Run("pdftotext", "-layout", directory["report.pdf"], "-"), int.Parse(Tool.Run("qpdf", "--show-npages", directory["report.pdf"]), provider: null));
    }
}
