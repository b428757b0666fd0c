using System.Text.Json;
using Microsoft.Extensions.Logging;
using VProtect.Server.Api.Settings;
using VProtect.Server.Hosting;
using VProtect.Testing;

namespace VProtect.Server.Tests.Hosting;

public sealed class FileLogTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeTime _time = new();
    private GlobalSettings _settings = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Text_is_one_line_an_event_and_rolls_over_by_size()
    {
        _settings = new GlobalSettings { LogFileBytesMax = 100 };
        using (FileLog log = NewLog())
        {
            for (int i = 0; i < _settings.LogFilesMax + 5; i++)
            {
                Write(log.CreateLogger("Area"), "first\nsecond " + new string('x', 100));
            }

            Assert.Equal(_settings.LogFilesMax, Directory.GetFiles(_directory.Path).Length);
            string line = Assert.Single(File.ReadAllLines(_directory["vprotect.1.log"]));
            Assert.StartsWith(@"2026-03-01T12:00:00.000Z Warning Area[5999] first\nsecond", line, StringComparison.Ordinal);

            // Fewer are kept as soon as the settings say so.
            _settings = _settings with { LogFilesMax = 3 };
            Write(log.CreateLogger("Area"), new string('x', 100));
            Assert.Equal(3, Directory.GetFiles(_directory.Path).Length);
        }
    }

    [Fact]
    public void File_rolls_over_by_age_and_what_is_too_old_goes()
    {
        using FileLog log = NewLog();
        ILogger logger = log.CreateLogger("Area");
        Write(logger, "first");
        _time.Advance(TimeSpan.FromDays(31));
        Write(logger, "second");
        Assert.Equal(2, File.ReadAllLines(_directory["vprotect.1.log"]).Length);
        Assert.Empty(File.ReadAllLines(_directory["vprotect.log"]));

        File.SetLastWriteTimeUtc(_directory["vprotect.1.log"], _time.GetUtcNow().AddDays(-370).UtcDateTime);
        _time.Advance(TimeSpan.FromDays(31));
        Write(logger, "third");
        Assert.Equal(["vprotect.1.log", "vprotect.log"], Directory.GetFiles(_directory.Path).Select(Path.GetFileName).Order());
        Assert.Contains("third", Assert.Single(File.ReadAllLines(_directory["vprotect.1.log"])), StringComparison.Ordinal);
    }

    [Fact]
    public void Text_that_is_no_Unicode_stops_neither_its_own_line_nor_those_that_follow()
    {
        _settings = _settings with { LogFormat = GlobalSettings.LogBoth };
        using FileLog log = NewLog();
        Write(log.CreateLogger("Area"), "half of a \ud800 pair");
        Write(log.CreateLogger("Area"), "next");
        foreach (string file in (string[])["vprotect.log", "vprotect.jsonl"])
        {
            string[] lines = File.ReadAllLines(_directory[file]);
            Assert.Equal(2, lines.Length);
            Assert.Contains("next", lines[1], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Json_is_one_object_a_line_beside_text_or_instead_of_it_as_the_settings_say_at_that_moment()
    {
        using FileLog log = NewLog();
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(log));
        ILogger logger = factory.CreateLogger("Area");
        Write(logger, "text only");
        _settings = _settings with { LogFormat = GlobalSettings.LogBoth };
        using (logger.BeginScope(new Dictionary<string, object?> { ["Task"] = "t1", ["Machine"] = "m1" }))
        using (logger.BeginScope(new Dictionary<string, object?> { ["Task"] = "t2" }))
        using (var activity = new System.Diagnostics.Activity("request").Start())
        {
            logger.Log(
                LogLevel.Error, new EventId(5998), (IReadOnlyList<KeyValuePair<string, object?>>)
                [
                    new("Count", 3), new("Name", "a\"b\nc"), new("Good", true), new("Ratio", 0.5), new("Nothing", null), new("{OriginalFormat}", "{Count} of {Name}"),
                ],
                new InvalidOperationException("broken\nline"), (_, _) => "3 of a\"b\nc");
        }

        _settings = _settings with { LogFormat = GlobalSettings.LogJson };
        Write(logger, "JSON only");

        string[] lines = File.ReadAllLines(_directory["vprotect.jsonl"]);
        Assert.Equal(2, lines.Length);
        JsonElement entry = JsonSerializer.Deserialize<JsonElement>(lines[0]);
        Assert.Equal("2026-03-01T12:00:00.000Z", entry.GetProperty("time").GetString());
        Assert.Equal("Error", entry.GetProperty("level").GetString());
        Assert.Equal("Area", entry.GetProperty("category").GetString());
        Assert.Equal(5998, entry.GetProperty("event").GetInt32());
        Assert.Equal("3 of a\"b\nc", entry.GetProperty("message").GetString());
        Assert.Equal("{Count} of {Name}", entry.GetProperty("template").GetString());
        Assert.Equal("""{"Count":3,"Name":"a\u0022b\nc","Good":true,"Ratio":0.5,"Nothing":null}""", entry.GetProperty("args").GetRawText());
        Assert.Equal("t2", entry.GetProperty("scope").GetProperty("Task").GetString());
        Assert.Equal("m1", entry.GetProperty("scope").GetProperty("Machine").GetString());
        Assert.Equal(32, entry.GetProperty("trace").GetString()!.Length);
        Assert.Contains("broken\nline", entry.GetProperty("exception").GetString(), StringComparison.Ordinal);
        Assert.Equal("JSON only", JsonSerializer.Deserialize<JsonElement>(lines[1]).GetProperty("message").GetString());
        Assert.Equal(2, File.ReadAllLines(_directory["vprotect.log"]).Length);
    }

    private static void Write(ILogger logger, string text) =>
        logger.Log(LogLevel.Warning, new EventId(5999), text, exception: null, (state, _) => state);

    private FileLog NewLog() => new(_directory.Path, _time, () => _settings);
}
