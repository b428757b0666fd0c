using System.Text.Json;

namespace VProtect.Appliance.Tests.Cli;

public sealed class HoldVerbTests
{
    [Fact]
    public async Task Held_restore_point_says_why_and_is_forgotten_only_after_its_release()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string id = await workplace.BackUpAsync(workplace.MakeDisk("a.raw", seed: 1));
        Assert.Equal(0, (await workplace.RunAsync("hold", "latest", "--reason", "audit 2026")).ExitCode);
        Assert.Contains("held: audit 2026", (await workplace.RunAsync("list")).Out, StringComparison.Ordinal);
        Assert.Contains("audit 2026", (await workplace.RunAsync("show", id)).Out, StringComparison.Ordinal);

        Outcome refused = await workplace.RunAsync("forget", id);
        Assert.Equal(5, refused.ExitCode);
        Assert.Contains("audit 2026", refused.Error, StringComparison.Ordinal);
        Assert.Contains($"vprotect release {id[..8]}", refused.Error, StringComparison.Ordinal);

        Assert.Equal(0, (await workplace.RunAsync("release", id[..6])).ExitCode);
        Assert.Equal(0, (await workplace.RunAsync("forget", id)).ExitCode);
    }

    [Fact]
    public async Task Forgotten_restore_point_is_listed_apart_and_taken_back()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string id = await workplace.BackUpAsync(workplace.MakeDisk("a.raw", seed: 1));
        await workplace.RunAsync("forget", id);
        JsonElement forgotten = (await workplace.RunAsync("list", "--forgotten", "--json")).Json().GetProperty("restorePoints");
        Assert.Equal(id, forgotten[0].GetProperty("id").GetString());
        Assert.NotEqual(JsonValueKind.Null, forgotten[0].GetProperty("forgottenAt").ValueKind);

        Outcome back = await workplace.RunAsync("unforget", id[..6], "--json");
        Assert.Equal(id, back.Json().GetProperty("restorePoints")[0].GetString());
        Assert.Empty((await workplace.RunAsync("list", "--forgotten", "--json")).Json().GetProperty("restorePoints").EnumerateArray());
        Assert.Equal(1, (await workplace.RunAsync("list", "--json")).Json().GetProperty("restorePoints").GetArrayLength());
        Assert.Equal(8, (await workplace.RunAsync("unforget", id)).ExitCode);
    }
}
