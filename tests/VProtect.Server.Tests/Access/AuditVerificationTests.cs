using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using VProtect.Server.Access;

namespace VProtect.Server.Tests.Access;

/// <summary>Somebody who can write the catalog changes the audit log behind the server's back.</summary>
public sealed class AuditVerificationTests : IAsyncLifetime
{
    private readonly ServerFixture _server = new();

    public Task InitializeAsync() => _server.InitializeAsync();

    public Task DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Log_that_grows_stays_whole_and_its_head_follows()
    {
        JsonElement first = await VerifyAsync();
        await ActAsync("one");
        JsonElement second = await VerifyAsync();

        Assert.True(first.GetProperty("whole").GetBoolean());
        Assert.True(second.GetProperty("whole").GetBoolean());
        Assert.Equal(first.GetProperty("newest").GetInt64(), second.GetProperty("keptSeq").GetInt64());
        Assert.Equal(first.GetProperty("newest").GetInt64() + 1, second.GetProperty("newest").GetInt64());
        Assert.NotEqual(first.GetProperty("hash").GetString(), second.GetProperty("hash").GetString());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(HeadPath).UnixFileMode);
    }

    [Theory]
    [InlineData("UPDATE audit SET actor = 'nobody' WHERE seq = 2", "Entry 2 was changed")]
    [InlineData("DELETE FROM audit WHERE seq = 2", "Entry 2 was changed")]
    [InlineData("DELETE FROM audit WHERE seq = (SELECT MAX(seq) FROM audit)", "are gone")]
    [InlineData("DELETE FROM audit", "Entries 1 to ")]
    public async Task Changed_removed_and_truncated_entries_are_found(string tampering, string finding)
    {
        await ActAsync("one");
        await ActAsync("two");
        Assert.True((await VerifyAsync()).GetProperty("whole").GetBoolean());

        Tamper(tampering);

        await AssertFoundAsync(finding);
        await AssertFoundAsync(finding);
    }

    [Fact]
    public async Task Tail_that_was_removed_is_found_after_the_log_went_on_and_by_a_new_process()
    {
        await ActAsync("one");
        await VerifyAsync();
        Tamper("DELETE FROM audit WHERE seq = (SELECT MAX(seq) FROM audit)");
        await ActAsync("two");
        await ActAsync("three");

        await AssertFoundAsync("is not the one that was kept");

        // A new process knows only the file; looking after it each minute must not hide what happened.
        using AuditHead another = Another();
        await another.LookAsync(CancellationToken.None);
        Assert.Contains("is not the one that was kept", Assert.Single((await another.VerifyAsync(CancellationToken.None)).Findings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Head_is_kept_by_the_clock_and_its_loss_or_change_is_no_way_out()
    {
        await Head.LookAsync(CancellationToken.None);
        File.Delete(HeadPath);
        Tamper("DELETE FROM audit WHERE seq = (SELECT MAX(seq) FROM audit)");
        await AssertFoundAsync("are gone");

        await File.WriteAllBytesAsync(HeadPath, new byte[69]);
        using AuditHead another = Another();
        await another.LookAsync(CancellationToken.None);
        Assert.Contains("cannot be read", Assert.Single((await another.VerifyAsync(CancellationToken.None)).Findings), StringComparison.Ordinal);
        Assert.Equal(new byte[69], await File.ReadAllBytesAsync(HeadPath));
    }

    private string HeadPath => Path.Join(_server.DataPath, "audit.head");

    private AuditHead Head => _server.App.Services.GetRequiredService<AuditHead>();

    private AuditHead Another() => ActivatorUtilities.CreateInstance<AuditHead>(_server.App.Services);

    private async Task ActAsync(string name) =>
        await (await _server.Client.PostAsJsonAsync("/api/mailing-lists", new { name, addresses = Array.Empty<string>() })).JsonAsync();

    private async Task<JsonElement> VerifyAsync() => await (await _server.Client.PostAsync("/api/audit/verify", content: null)).JsonAsync();

    private async Task AssertFoundAsync(string finding)
    {
        JsonElement found = await VerifyAsync();
        Assert.False(found.GetProperty("whole").GetBoolean());
        Assert.Contains(finding, string.Join('\n', found.GetProperty("findings").EnumerateArray()), StringComparison.Ordinal);
    }

    private void Tamper(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Join(_server.DataPath, "catalog.db")};Pooling=false");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.NotEqual(0, command.ExecuteNonQuery());
    }
}
