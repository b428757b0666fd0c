using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using VProtect.EndToEnd.Tests.Appliance;

namespace VProtect.EndToEnd.Tests.Kvm;

/// <summary>The program as it is delivered, a libvirtd, and a guest that runs on it: started once for all tests of the folder.</summary>
public sealed class KvmSite : IAsyncLifetime, IDisposable
{
    /// <summary>The host.</summary>
    public LibvirtHost Host { get; } = new();

    internal ApplianceSite Site { get; private set; } = null!;

    internal KvmGuest Guest { get; private set; } = null!;

    /// <summary>The guest as the appliance knows it.</summary>
    public string Machine { get; private set; } = "";

    /// <summary>Where images, sockets and scratch files are; the storage pool.</summary>
    public string Images => Host.Work;

    public async Task InitializeAsync()
    {
        await Host.StartAsync();
        Host.Virsh("pool-create-as", "images", "dir", "--target", Images);
        string network = Path.Join(Images, "network.xml");
        // Networks that need neither a bridge nor a DHCP server to be called active.
        foreach (string name in (string[])["lab", "island"])
        {
            await File.WriteAllTextAsync(network, $"<network><name>{name}</name><forward mode='bridge'/><bridge name='vprotect-none'/></network>");
            Host.Virsh("net-create", network);
        }

        Guest = new KvmGuest(Host, Images);
        Task starting = Guest.StartAsync();
        Site = new ApplianceSite(VprotectProcess.Binary);
        await Site.BeginAsync(new { host = Host.Uri, name = "kvm1", type = "KVM", settings = new { socketDirectory = Images, scratchReserveMiB = "0", freezeTimeoutSeconds = "5" } });
        await starting;
        await Site.SyncAsync();
        Machine = await Site.MachineAsync(Guest.Uuid);
    }

    public async Task DisposeAsync()
    {
        if (Site is not null)
        {
            await Site.DisposeAsync();
        }

        await Host.StopAsync();
    }

    public void Dispose() => Host.Dispose();

    /// <summary>Runs a verb of the command line against the appliance; fails when it fails.</summary>
    /// <returns>What it wrote to standard output.</returns>
    public string Vprotect(params string[] arguments)
    {
        using var process = new VprotectProcess([VprotectProcess.Binary, .. arguments], new Dictionary<string, string>
        {
            ["VPROTECT_SERVER"] = Site.Address.ToString(),
            ["VPROTECT_TOKEN"] = Site.Token,
            ["VPROTECT_FINGERPRINT"] = Fingerprint(),
        });
        return process.Wait().Expect(0).Text;
    }

    /// <summary>Backs the guest up and tells what the appliance knows of the backup.</summary>
    internal async Task<JsonElement> BackUpAsync(bool isFull = false) =>
        await Site.Client.GetAsync("/api/backups/" + await Site.BackUpAsync(Machine, isFull));

    /// <summary>Has the guest write to a data disk and to a file, <c>/root/word</c>.</summary>
    /// <returns>Hash of the data disk.</returns>
    internal async Task<string> WriteAsync(string word)
    {
        await Guest.RunAsync($"head -c 3M /dev/urandom | dd of=/dev/vdb bs=64K seek=$(( $(date +%s%N) / 1000 % 400 )) conv=notrunc,fsync status=none; echo {word} >/root/word; sync");
        return await Guest.HashAsync("vdb");
    }

    /// <summary>Content of an image.</summary>
    internal static byte[] Raw(string image)
    {
        string raw = image + ".raw";
        Tool.Run("qemu-img", "convert", "-U", "-O", "raw", image, raw);
        byte[] content = File.ReadAllBytes(raw);
        File.Delete(raw);
        return content;
    }

    private string Fingerprint()
    {
        using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(Path.Join(Site.Data, "tls", "server.crt")));
        return certificate.GetCertHashString(HashAlgorithmName.SHA256);
    }

    /// <summary>Nothing of ours is left on the host: no job, no scratch file, no socket, and one checkpoint for each destination at most.</summary>
    internal void IsClean(int checkpoints)
    {
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(Images, "vprotect-*"), path => !path.EndsWith(".snapshot", StringComparison.Ordinal));
        Assert.DoesNotContain("backup", Tool.TryRun("virsh", "-q", "-c", Host.Uri, "backup-dumpxml", Guest.Uuid).Output, StringComparison.Ordinal);
        Assert.Equal(checkpoints, Host.Virsh("checkpoint-list", Guest.Uuid, "--name").Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }
}

/// <summary>Tests that share the guest, one at a time.</summary>
[CollectionDefinition(Name)]
public sealed class KvmTests : ICollectionFixture<KvmSite>
{
    public const string Name = "KVM, a guest that runs";
}
