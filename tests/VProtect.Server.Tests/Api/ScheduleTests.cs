using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using VProtect.Catalog.Policies;

namespace VProtect.Server.Tests.Api;

public sealed class ScheduleTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task Schedule_is_made_shows_its_next_runs_and_is_due()
    {
        var wanted = new
        {
            name = "nightly",
            executionType = new { name = "TIME" },
            hour = 3_600_000,
            daysOfWeek = new object[] { new { name = "MONDAY" }, "FRIDAY" },
            timeZone = "Europe/Warsaw",
            startWindowLength = 7_200_000,
        };
        (JsonElement made, string path, string version) = await server.Client.MadeAsync("/api/schedules", wanted);
        Assert.Equal(("VM_BACKUP", "INCREMENTAL"), (made.NameOf("type"), made.NameOf("backupType")));
        Assert.Equal(["MONDAY", "FRIDAY"], made.GetProperty("daysOfWeek").NamesOf());
        Assert.Equal(5, made.GetProperty("nextRuns").GetArrayLength());
        DateTimeOffset next = DateTimeOffset.FromUnixTimeMilliseconds(made.GetProperty("nextRuns")[0].GetInt64());
        Assert.Equal(0, next.Minute);
        Assert.Contains(TimeZoneInfo.ConvertTime(next, TimeZoneInfo.FindSystemTimeZoneById("Europe/Warsaw")).DayOfWeek, new[] { DayOfWeek.Monday, DayOfWeek.Friday });
        Schedule row = await server.ReadAsync(session => session.Schedules.GetAsync(made.GetProperty("guid").GetGuid(), default));
        Assert.Equal(next, row.NextRunAt);

        using HttpResponseMessage off = await server.Client.PutWithVersionAsync(path, new { active = false }, version);
        JsonElement inactive = await off.JsonAsync();
        Assert.Equal((0, 3_600_000), (inactive.GetProperty("nextRuns").GetArrayLength(), inactive.GetProperty("hour").GetInt64()));
        await (await server.Client.PutWithVersionAsync(path, new { active = true }, version)).ProblemAsync(HttpStatusCode.PreconditionFailed, 4001);
        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.DeleteAsync(path)).StatusCode);
        await (await server.Client.GetAsync(path)).ProblemAsync(HttpStatusCode.NotFound, 4002);
    }

    [Fact]
    public async Task Interval_and_cron_are_guessed_from_what_is_sent()
    {
        (JsonElement interval, _, _) = await server.Client.MadeAsync(
            "/api/schedules", new { name = "hourly", interval = new { startHour = 0, endHour = 86_400_000, frequency = 3_600_000 } });
        Assert.Equal("INTERVAL", interval.NameOf("executionType"));
        Assert.Equal(3_600_000, interval.GetProperty("interval").GetProperty("frequency").GetInt64());
        (JsonElement cron, _, _) = await server.Client.MadeAsync("/api/schedules", new { name = "cron", cron = "30 1 * * MON-FRI" });
        Assert.Equal("CRON", cron.NameOf("executionType"));
    }

    [Theory]
    [InlineData("""{"hour": 0}""", "name")]
    [InlineData("""{"name": "a"}""", "hour")]
    [InlineData("""{"name": "a", "hour": 86400000}""", "hour")]
    [InlineData("""{"name": "a", "hour": 9223372036854775807}""", "hour")]
    [InlineData("""{"name": "a", "cron": "nonsense"}""", "cron")]
    [InlineData("""{"name": "a", "hour": 0, "timeZone": "Mars/Base"}""", "timeZone")]
    [InlineData("""{"name": "a", "interval": {"frequency": 1}}""", "interval.frequency")]
    [InlineData("""{"name": "a", "hour": 0, "daysOfWeek": ["SOMEDAY"]}""", "daysOfWeek[0]")]
    [InlineData("""{"name": "a", "hour": 0, "rules": ["0193a7f0-0000-7000-8000-000000000001"]}""", "rules[0]")]
    [InlineData("""{"name": "a", "hour": 0, "rules": [{"name": "no guid"}]}""", "rules[0]")]
    public async Task Bad_schedule_is_refused_naming_the_field(string body, string field)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        Assert.Equal(field, await (await server.Client.PostAsync("/api/schedules", content)).RefusedFieldAsync());
    }

    [Fact]
    public async Task Schedule_that_starts_a_rule_stays_fits_its_kind_and_is_found_by_machine()
    {
        Guid machine = (await server.MachineAsync("of the schedule")).Guid;
        Guid destination = (await server.DestinationAsync("for schedules")).Guid;
        (JsonElement schedule, string path, _) = await server.Client.MadeAsync("/api/schedules", new { name = "used", hour = 0 });
        (JsonElement policy, _, _) = await server.Client.MadeAsync("/api/policies/vm-backup", new
        {
            name = "with schedule",
            vms = new[] { machine },
            rules = new[] { new { name = "daily", ruleBackupDestinations = new { primaryBackupDestination = new { backupDestination = destination } } } },
        });
        string rule = policy.GetProperty("rules")[0].Text("guid")!;
        JsonElement linked = await server.Client.PutAsync(path, new { rules = new[] { rule } });
        Assert.Equal(["daily"], linked.GetProperty("rules").NamesOf());
        Assert.Equal(["with schedule"], linked.GetProperty("policies").NamesOf());

        using HttpResponseMessage refused = await server.Client.DeleteAsync(path);
        Assert.Contains("with schedule / daily", (await refused.ProblemAsync(HttpStatusCode.Conflict, 4003)).Text("message"), StringComparison.Ordinal);
        Assert.Equal("rules[0]", await (await server.Client.PutAsJsonAsync(path, new { type = "VM_SNAPSHOT" })).RefusedFieldAsync());
        Assert.Equal(["used"], (await server.Client.GotAsync($"/api/schedules?type=VM_BACKUP&protected-entity={machine}")).NamesOf());
        Assert.Empty((await server.Client.GotAsync($"/api/schedules?protected-entity={Guid.NewGuid()}")).NamesOf());
        Assert.Empty((await server.Client.GotAsync("/api/schedules?type=APP_BACKUP")).NamesOf());
        await (await server.Client.GetAsync("/api/schedules?type=NEVER")).ProblemAsync(HttpStatusCode.BadRequest, 2001);
    }
}
