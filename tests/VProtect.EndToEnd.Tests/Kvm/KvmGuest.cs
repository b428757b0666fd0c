using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace VProtect.EndToEnd.Tests.Kvm;

/// <summary>
/// A Debian that runs: the small disk of the testbed as <c>vda</c>, raw data on <c>vdb</c> and <c>vdc</c>, the guest agent in it. One for all tests of the folder,
/// since it takes most of a minute to start.
/// </summary>
internal sealed class KvmGuest(LibvirtHost host, string directory)
{
    public const string Name = "web1";
    public const int DataBytes = 32 << 20;

    private readonly string _system = Tool.Run(Path.Join(Testbed(), "build-disk.sh"), "small").Trim();

    /// <summary>As the platform knows it.</summary>
    public string Uuid { get; private set; } = "";

    /// <summary>Makes its disks, defines it and starts it.</summary>
    public async Task StartAsync()
    {
        Tool.Run("qemu-img", "convert", "-O", "qcow2", Path.Join(_system, "disk.raw"), Image("vda"));
        foreach (string disk in (string[])["vdb", "vdc"])
        {
            Tool.Run("qemu-img", "create", "-q", "-f", "qcow2", Image(disk), DataBytes.ToString(CultureInfo.InvariantCulture));
        }

        string definition = Path.Join(directory, "guest.xml");
        await File.WriteAllTextAsync(definition, $"""
            <domain type='qemu'>
              <name>{Name}</name><memory unit='MiB'>512</memory><vcpu>1</vcpu>
              <metadata><tags xmlns='https://example.org/tags'>production, debian</tags></metadata>
              <os>
                <type arch='x86_64' machine='q35'>hvm</type>
                <kernel>{_system}/vmlinuz</kernel><initrd>{_system}/initrd.img</initrd><cmdline>{(await File.ReadAllTextAsync(Path.Join(_system, "cmdline"))).Trim()}</cmdline>
              </os>
              <features><acpi/></features>
              <cpu mode='maximum'/>
              <devices>
                <emulator>/usr/bin/qemu-system-x86_64</emulator>
                {string.Concat(((string[])["vda", "vdb", "vdc"]).Select(Disk))}
                <interface type='user'><model type='virtio'/></interface>
                <serial type='file'><source path='{directory}/console.log'/></serial>
                <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
                <controller type='usb' model='none'/><memballoon model='none'/>
              </devices>
            </domain>
            """);
        host.Virsh("define", definition);
        Uuid = host.Virsh("domuuid", Name).Trim();
        await StartAgainAsync();
    }

    /// <summary>Starts it and waits for its agent.</summary>
    public async Task StartAgainAsync()
    {
        host.Virsh("start", Uuid);
        await AgentAnswersAsync(Uuid);
    }

    /// <summary>Waits until a machine's guest agent answers.</summary>
    public Task AgentAnswersAsync(string uuid) => Appliance.ApplianceSite.UntilAsync(
        () => Task.FromResult(Answers(uuid)),
        () => "The guest does not start: " + (File.Exists(Path.Join(directory, "console.log")) ? File.ReadAllText(Path.Join(directory, "console.log")) : ""));

    /// <summary>Whether the agent answers now.</summary>
    public bool Answers(string? uuid = null) => TryAsk(uuid ?? Uuid, "guest-ping") is not null;

    /// <summary>Whether the agent says that nothing is frozen.</summary>
    public bool IsThawed() => TryAsk(Uuid, "guest-fsfreeze-status")?.Contains("thawed", StringComparison.Ordinal) == true;

    /// <summary>Whether the agent does a command; null when it does not answer.</summary>
    public bool? Allows(string command) => TryAsk(Uuid, "guest-info") is not { } answer ? null : JsonDocument.Parse(answer).RootElement.GetProperty("return").GetProperty("supported_commands")
        .EnumerateArray().Any(one => one.GetProperty("name").GetString() == command && one.GetProperty("enabled").GetBoolean());

    /// <summary>Runs a shell script in the guest; fails when it fails.</summary>
    /// <returns>What it wrote to standard output.</returns>
    public async Task<string> RunAsync(string script, string? uuid = null)
    {
        int pid = Ask(uuid ?? Uuid, new { execute = "guest-exec", arguments = new Dictionary<string, object> { ["path"] = "/bin/sh", ["arg"] = (string[])["-c", script], ["capture-output"] = true } })
            .GetProperty("pid").GetInt32();
        JsonElement status = default;
        await Appliance.ApplianceSite.UntilAsync(
            () => Task.FromResult((status = Ask(uuid ?? Uuid, new { execute = "guest-exec-status", arguments = new { pid } })).GetProperty("exited").GetBoolean()),
            () => $"The guest does not finish: {script}");
        string output = Text(status, "out-data");
        return status.GetProperty("exitcode").GetInt32() == 0 ? output : throw new InvalidOperationException($"{script}: {output}{Text(status, "err-data")}");
    }

    /// <summary>Bytes of a data disk as the guest reads them past its cache, as a hash.</summary>
    public async Task<string> HashAsync(string disk, string? uuid = null) =>
        (await RunAsync($"dd if=/dev/{disk} iflag=direct bs=1M status=none | sha256sum", uuid))[..64].ToUpperInvariant();

    /// <summary>Where the image of a disk is.</summary>
    public string Image(string disk) => Path.Join(directory, $"{Name}-{disk}.qcow2");

    private string Disk(string name) => $"""
        <disk type='file' device='disk'>
          <driver name='qemu' type='qcow2' discard='unmap'/><source file='{Image(name)}'/><target dev='{name}' bus='virtio'/>
        </disk>
        """;

    private string? TryAsk(string uuid, string command)
    {
        (int exitCode, string output, _) = Tool.TryRun("virsh", "-q", "-c", host.Uri, "qemu-agent-command", uuid, $$"""{"execute":"{{command}}"}""", "--timeout", "5");
        return exitCode == 0 ? output : null;
    }

    private JsonElement Ask(string uuid, object request) =>
        JsonDocument.Parse(host.Virsh("qemu-agent-command", uuid, JsonSerializer.Serialize(request), "--timeout", "20")).RootElement.GetProperty("return").Clone();

    private static string Text(JsonElement status, string name) =>
        status.TryGetProperty(name, out JsonElement data) ? Encoding.UTF8.GetString(data.GetBytesFromBase64()) : "";

    private static string Testbed([CallerFilePath] string here = "") => Path.GetFullPath(Path.Join(Path.GetDirectoryName(here), "../../testbed"));
}
