using System.Text.Json;
using VProtect.Testing.FakePlatform;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>What is not there when it is needed.</summary>
public sealed class OutageTests
{
    private const long DiskBytes = 6 << 20;

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

    private static async Task<(ApplianceSite Site, TestMachine Machine)> BeginAsync()
    {
        TestMachine machine = null!;
        ApplianceSite site = await ApplianceSite.BeginAsync(datacenter => machine = TestMachine.Add(datacenter, "web", 20, DiskBytes));
        await machine.FindAsync(site);
        return (site, machine);
    }
}
