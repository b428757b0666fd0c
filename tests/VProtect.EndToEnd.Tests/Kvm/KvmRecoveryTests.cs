using System.Text.Json;
using System.Xml.Linq;

namespace VProtect.EndToEnd.Tests.Kvm;

/// <summary>A recovery plan on a host with libvirt, by the command line.</summary>
[Collection(KvmTests.Name)]
public sealed class KvmRecoveryTests(KvmSite kvm)
{
    [Fact]
    public async Task Plan_restores_in_order_to_another_network_starts_the_machine_and_reports()
    {
        string content = await kvm.WriteAsync("recovered");
        await kvm.BackUpAsync();
        JsonElement networks = await kvm.Site.Client.GetAsync("/api/network");
        string island = networks.EnumerateArray().Single(network => network.GetProperty("name").GetString() == "island").GetProperty("guid").GetString()!;
        string file = kvm.Site["plan.json"];
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new
        {
            description = "the island",
            steps = new[]
            {
                new
                {
                    virtualMachine = new { guid = kvm.Machine },
                    restoredPeName = "{name}-first",
                    restoredNetworks = new[] { new { network = new { guid = island }, networkInterfaceCard = 0 } },
                },
            },
        }));
        kvm.Vprotect("recovery", "create", "island", "--from", file);
        Assert.Contains("2 steps", kvm.Vprotect("recovery", "add", "island", "--vm", KvmGuest.Name, "--after", "2s", "--host", "kvm1", "--name", "{name}-second", "--power-on"), StringComparison.Ordinal);
        Assert.Contains($"{KvmGuest.Name}-second", kvm.Vprotect("recovery", "check", "island"), StringComparison.Ordinal);

        kvm.Vprotect("recovery", "run", "island", "--wait");

        JsonElement run = JsonDocument.Parse(kvm.Vprotect("recovery", "report", "island", "--json")).RootElement;
        JsonElement[] steps = [.. run.GetProperty("steps").EnumerateArray()];
        Assert.Equal(("FINISHED", 2, 0), (run.GetProperty("state").GetProperty("name").GetString(), run.GetProperty("restored").GetInt32(), run.GetProperty("failed").GetInt32()));
        Assert.True(steps[1].GetProperty("started").GetInt64() >= steps[0].GetProperty("finished").GetInt64() + 2000);
        Assert.True(run.GetProperty("dataAge").GetInt64() > 0 && run.GetProperty("duration").GetInt64() > 2000);
        string report = kvm.Vprotect("recovery", "report", "island");
        Assert.Contains($"{KvmGuest.Name}-first", report, StringComparison.Ordinal);
        foreach (string name in (string[])[$"{KvmGuest.Name}-first", $"{KvmGuest.Name}-second"])
        {
            XElement made = XElement.Parse(kvm.Host.Virsh("dumpxml", name));
            bool isFirst = name.EndsWith("first", StringComparison.Ordinal);
            Assert.Equal(isFirst, (string?)made.Descendants("interface").Single().Element("source")?.Attribute("network") == "island");
            Assert.Equal(isFirst ? "shut off" : "running", kvm.Host.Virsh("domstate", name).Trim());
            if (!isFirst)
            {
                kvm.Host.Virsh("destroy", name);
            }

            string image = made.Descendants("disk").Single(disk => (string?)disk.Element("target")?.Attribute("dev") == "vdb").Element("source")!.Attribute("file")!.Value;
            Assert.Equal(content, Workplace.Hash(KvmSite.Raw(image)));
            kvm.Host.Virsh("undefine", name, "--remove-all-storage");
        }

        kvm.Vprotect("recovery", "delete", "island");
        kvm.IsClean(checkpoints: 1);
    }
}
