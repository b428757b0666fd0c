using System.Text.Json;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Tests.Cli.Client;

public sealed class TableTests
{
    private static readonly Column[] _columns =
        [Column.Id(), Column.Text("machine", "vm", shrinks: true), Column.Word("state", "state"), Column.Bytes(">size", "size"), Column.Time("time (UTC)", "time"), Column.Text("info", "info", shrinks: true)];

    private static readonly JsonElement[] _rows =
    [
        .. JsonElement.Parse("""
            [
              {"guid": "0198f3a1-7b2c-7000-8000-0123456789ab", "vm": {"guid": "x", "name": "web-frontend-1"}, "state": {"name": "FINISHED_WITH_WARNINGS", "description": "…"},
               "size": 1610612736, "time": 1795650000000, "info": "A disk was read whole,\nbecause its bitmap was lost."},
              {"guid": "0198f3a1-7b2c-7000-8000-00000000beef", "vm": null, "state": "QUEUED", "size": null}
            ]
            """).EnumerateArray(),
    ];

    [Fact]
    public void Names_words_sizes_and_times_are_written_for_people()
    {
        Assert.Equal(
            """
            id        machine         state                       size  time (UTC)        info
            456789ab  web-frontend-1  finished with warnings  1.50 GiB  2026-11-25 23:40  A disk was read whole, because its bitmap was lost.
            0000beef  -               queued                         -  -                 -

            """,
            Text(width: null));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(80)]
    public void Narrow_terminal_cuts_what_may_be_cut_and_nothing_else(int width)
    {
        string[] lines = Text(width).Split('\n');

        Assert.All(lines, line => Assert.True(line.Length <= width, line));
        Assert.Contains("finished with warnings", lines[1], StringComparison.Ordinal);
        Assert.Contains("456789ab", lines[1], StringComparison.Ordinal);
        Assert.EndsWith("…", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void One_object_leaves_out_what_is_not_there()
    {
        var writer = new StringWriter();
        Table.WriteOne(writer, _columns, _rows[1]);
        Assert.Equal("id     0000beef\nstate  queued\n", writer.ToString());
    }

    private static string Text(int? width)
    {
        var writer = new StringWriter();
        Table.Write(writer, _columns, _rows, width);
        return writer.ToString();
    }
}
