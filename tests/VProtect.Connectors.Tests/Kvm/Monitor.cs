using System.Runtime.InteropServices;
using System.Text.Json;
using VProtect.Connectors.Kvm;
using VProtect.Connectors.Kvm.Native;

namespace VProtect.Connectors.Tests.Kvm;

/// <summary>QEMU's monitor: writes to a machine's disks as its guest would, at the device the guest sees.</summary>
internal static partial class Monitor
{
    /// <summary>Runs a command of <c>qemu-io</c> on a disk.</summary>
    internal static void Io(LibvirtApi api, string uuid, string disk, string command)
    {
        string line = $"qemu-io -d /machine/peripheral/virtio-disk{disk[^1] - 'a'}/virtio-backend \"{command}\"";
        string answer = Run(api, uuid, JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["execute"] = "human-monitor-command",
            ["arguments"] = new Dictionary<string, object> { ["command-line"] = line },
        }));
        if (answer.Contains("\"error\"", StringComparison.Ordinal) || answer.Contains("rror:", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"{line}: {answer}");
        }
    }

    internal static unsafe string Run(LibvirtApi api, string uuid, string command)
    {
        using DomainHandle domain = api.LookupDomain(uuid);
        if (DomainMonitorCommand(domain, command, out byte* answer, 0) < 0)
        {
            throw LibvirtException.Last();
        }

        string text = Marshal.PtrToStringUTF8((nint)answer)!;
        NativeMemory.Free(answer);
        return text;
    }

    [LibraryImport("libvirt-qemu.so.0", EntryPoint = "virDomainQemuMonitorCommand", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int DomainMonitorCommand(DomainHandle domain, string command, out byte* answer, uint flags);
}
