using System.Text.Json;
using VProtect.Testing.FakePlatform;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>What is not there when it is needed, and who wants to stop in the middle.</summary>
public sealed class OutageTests
{
    private const long DiskBytes = 6 << 20;

    [Fact]
    public async Task Platform_that_is_away_fails_a_backup_with_its_reason_and_is_used_again_when_it_is_back()
    {
        (ApplianceSite site, TestMachine machine) = await BeginAsync();
        await using ApplianceSite disposed = site;
        string away = site.Datacenter.Path + "-away";
        Directory.Move(site.Datacenter.Path, away);
        JsonElement failed = await site.EndOfAsync(await site.AskBackupAsync(machine.Guid));
        Assert.Equal("FAILED", ApplianceSite.StateOf(failed));
        Assert.Contains("does not answer", failed.GetProperty("statusInfo").GetString(), StringComparison.Ordinal);
        Directory.Move(away, site.Datacenter.Path);

        // What it had made could not be removed from a platform that was away; it is not in the way of the next.
        Assert.Equal(await machine.ReadAsync(), await site.RestoreAsync(await site.BackUpAsync(machine.Guid)));
        await site.PlatformIsCleanAsync();
    }

    [Fact]
    public async Task Platform_that_goes_away_in_the_middle_of_a_backup_keeps_nothing_that_is_in_the_way_of_the_next()
    {
        (ApplianceSite site, TestMachine machine) = await BeginAsync();
        await using ApplianceSite disposed = site;
        string pause = site.Datacenter.Order(new Fault(FakeStep.Read, FaultKind.Pause) { Passes = 1 });
        string task = await site.AskBackupAsync(machine.Guid);
        await ApplianceSite.UntilAsync(() => Task.FromResult(site.Datacenter.HitsOf(pause) > 1), () => "No second read.");
        string away = site.Datacenter.Path + "-away";
        Directory.Move(site.Datacenter.Path, away);
        JsonElement failed = await site.EndOfAsync(task);
        Assert.Equal("FAILED", ApplianceSite.StateOf(failed));
        Directory.Move(away, site.Datacenter.Path);
        site.Datacenter.LiftAll();
        Assert.NotEmpty(site.Datacenter.Leftovers());
        Assert.Equal(await machine.ReadAsync(), await site.RestoreAsync(await site.BackUpAsync(machine.Guid)));
        await site.PlatformIsCleanAsync();
    }

    [Fact]
    public async Task Unreadable_block_fails_the_backup_and_the_next_one_is_right()
    {
        (ApplianceSite site, TestMachine machine) = await BeginAsync();
        await using ApplianceSite disposed = site;
        string fault = site.Datacenter.Order(new Fault(FakeStep.Read, FaultKind.Fail) { OffsetBytes = DiskBytes / 2 });
        await site.Datacenter.WriteAsync(machine.Uuid, "disk-0", DiskBytes / 2, new byte[] { 1, 2, 3 });
        JsonElement failed = await site.EndOfAsync(await site.AskBackupAsync(machine.Guid, isFull: true));
        Assert.Equal("FAILED", ApplianceSite.StateOf(failed));
        Assert.Contains("cannot be read", failed.GetProperty("statusInfo").GetString(), StringComparison.Ordinal);
        await site.PlatformIsCleanAsync();
        site.Datacenter.Lift(fault);
        Assert.Equal(await machine.ReadAsync(), await site.RestoreAsync(await site.BackUpAsync(machine.Guid)));
    }

    [Fact]
    public async Task Full_destination_fails_the_backup_leaves_nothing_and_spares_what_is_stored()
    {
        using var mount = new TemporaryMount("-t", "tmpfs", "-o", "size=24m", "tmpfs");
        (ApplianceSite site, TestMachine machine) = await BeginAsync();
        await using ApplianceSite disposed = site;
        string ballast = Path.Join(mount.Path, "ballast");
        string destination = await site.AddDestinationAsync("small", Path.Join(mount.Path, "repository"));
        List<byte[]> content = await machine.ReadAsync();
        string stored = await site.BackUpAsync(machine.Guid, destination: destination);
        await File.WriteAllBytesAsync(ballast, new byte[(int)FreeBytes(mount.Path) - (3 << 20)]);
        byte[] noise = new byte[DiskBytes];
        Random.Shared.NextBytes(noise);
        await site.Datacenter.WriteAsync(machine.Uuid, "disk-0", 0, noise);
        JsonElement failed = await site.EndOfAsync(await site.AskBackupAsync(machine.Guid, destination: destination));
        Assert.Equal("FAILED", ApplianceSite.StateOf(failed));
        Assert.NotEmpty(failed.GetProperty("statusInfo").GetString()!);
        await site.PlatformIsCleanAsync();
        Assert.Equal(content, await site.RestoreAsync(stored));
        File.Delete(ballast);
        string next = await site.BackUpAsync(machine.Guid, destination: destination);
        Assert.Equal(noise, (await site.RestoreAsync(next))[0]);
    }

    /// <summary>Nothing but the cancellation can end the backup: what it waits for never comes.</summary>
    [Theory]
    [InlineData(FakeStep.BackupFreeze)]
    [InlineData(FakeStep.Read)]
    public async Task Cancelled_backup_ends_at_once_and_leaves_nothing(string step)
    {
        (ApplianceSite site, TestMachine machine) = await BeginAsync();
        await using ApplianceSite disposed = site;
        string pause = site.Datacenter.Order(new Fault(step, FaultKind.Pause));
        string task = await site.AskBackupAsync(machine.Guid);
        await site.Datacenter.WaitForHitAsync(pause, CancellationToken.None);
        await site.CancelAsync(task);
        JsonElement ended = await site.EndOfAsync(task);
        Assert.Equal("CANCELLED", ApplianceSite.StateOf(ended));
        await site.PlatformIsCleanAsync();
        Assert.Empty(await site.BackupsAsync(machine.Guid, "SUCCESS"));
        site.Datacenter.LiftAll();
        Assert.Equal(await machine.ReadAsync(), await site.RestoreAsync(await site.BackUpAsync(machine.Guid)));
    }

    [Fact]
    public async Task Stopped_during_a_backup_it_cleans_up_before_it_ends_and_says_afterwards_what_became_of_it()
    {
        (ApplianceSite site, TestMachine machine) = await BeginAsync();
        await using ApplianceSite disposed = site;
        string pause = site.Datacenter.Order(new Fault(FakeStep.Read, FaultKind.Pause) { Passes = 1 });
        string task = await site.AskBackupAsync(machine.Guid);
        await ApplianceSite.UntilAsync(() => Task.FromResult(site.Datacenter.HitsOf(pause) > 1), () => "No second read.");
        Assert.Equal(0, await site.StopAsync());
        Assert.Empty(site.Datacenter.Leftovers());
        site.Datacenter.LiftAll();
        await site.StartAsync();
        JsonElement ended = await site.EndOfAsync(task);
        Assert.True(ApplianceSite.StateOf(ended) == "FINISHED" || ended.GetProperty("statusInfo").GetString() is { Length: > 0 }, ended.ToString());
        Assert.Equal(await machine.ReadAsync(), await site.RestoreAsync(await site.BackUpAsync(machine.Guid)));
    }

    private static long FreeBytes(string path) => new DriveInfo(path).AvailableFreeSpace;

    private static async Task<(ApplianceSite Site, TestMachine Machine)> BeginAsync()
    {
        TestMachine machine = null!;
        ApplianceSite site = await ApplianceSite.BeginAsync(datacenter => machine = TestMachine.Add(datacenter, "web", 20, DiskBytes));
        await machine.FindAsync(site);
        return (site, machine);
    }
}
