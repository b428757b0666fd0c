using VProtect.Connectors.Contract;
using VProtect.Testing;

namespace VProtect.Connectors.Tests.Kvm;

/// <summary>A machine moves to another host while it runs, its disks where they were.</summary>
[Collection(LibvirtTests.Name)]
public sealed class KvmMigrationTests(LibvirtDaemon daemon)
{
    [Fact]
    public async Task Backup_after_a_migration_is_right_and_the_next_one_incremental()
    {
        using var other = new LibvirtHost("vprotect-other");
        await other.StartAsync();
        try
        {
            await MoveAsync(other);
        }
        finally
        {
            await other.StopAsync();
        }
    }

    private async Task MoveAsync(LibvirtHost other)
    {
        await using var here = new KvmConformancePlatform(daemon);
        string uuid = await here.AddMachineAsync("vm", isRunning: true, diskCount: 1);
        await WriteAsync(here, uuid, 0, 1);
        KvmBackup first = await KvmBackup.MakeAsync(here, uuid);
        await WriteAsync(here, uuid, 1 << 20, 2);
        byte[] before = await here.ReadAsync(uuid, "vda");

        // libvirt moves no checkpoints: an administrator forgets their metadata first, as its manual says.
        foreach (string checkpoint in here.Daemon.Virsh("checkpoint-list", uuid, "--name").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            here.Daemon.Virsh("checkpoint-delete", uuid, checkpoint, "--metadata");
        }

        // QEMU takes up the disks of a machine that is paused only when it goes on.
        here.Daemon.Virsh("resume", uuid);
        here.Daemon.Virsh("migrate", "--live", "--persistent", "--undefinesource", "--unsafe", uuid, other.Uri, "--migrateuri", $"unix://{here.WorkDirectory}/m");
        Assert.DoesNotContain(uuid, here.Daemon.Virsh("list", "--all", "--uuid"), StringComparison.Ordinal);

        ConnectorEndpoint there = here.Endpoint with { Address = other.Uri };
        KvmBackup second = await KvmBackup.MakeAsync(here, uuid, first, endpoint: there);
        Assert.Equal(before, second.Images["vda"]);
        Assert.True(second.IsDelta || second.Warnings.Count > 0, "A full reading that nobody gave a reason for.");
        KvmBackup third = await KvmBackup.MakeAsync(here, uuid, second, endpoint: there);
        Assert.True(third.IsDelta, string.Join(' ', third.Warnings));
        Assert.Equal(before, third.Images["vda"]);
        Assert.Single(other.Virsh("checkpoint-list", uuid, "--name").Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static Task WriteAsync(KvmConformancePlatform platform, string uuid, long offsetBytes, int seed)
    {
        byte[] bytes = new byte[200_000];
        new Random(seed).NextBytes(bytes);
        return platform.WriteAsync(uuid, "vda", offsetBytes, bytes);
    }
}
