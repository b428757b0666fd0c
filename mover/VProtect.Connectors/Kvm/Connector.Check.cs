using VProtect.Abstractions;
using VProtect.Connectors.Contract;

namespace VProtect.Connectors.Kvm;

/// <content>Whether the host can be used.</content>
internal sealed partial class KvmConnector
{
    // Backup jobs of libvirt itself, without the experimental options: 7.2 for incremental per disk.
    private static readonly Version LibvirtMin = new(7, 2, 0);

    public async ValueTask<PlatformCheck> CheckAsync(CancellationToken cancellationToken)
    {
        var findings = new List<string>();
        try
        {
            (Version libvirt, Version qemu) = await _platform.Session.ReadAsync(
                "Asking for versions", api => (api.GetLibVersion(), api.GetVersion()), cancellationToken);
            string product = $"libvirt {libvirt}, QEMU {qemu}";
            if (libvirt < LibvirtMin)
            {
                findings.Add($"libvirt {libvirt} cannot make incremental backups; {LibvirtMin} or newer is needed.");
                return new PlatformCheck(IsUsable: false, product, findings);
            }

            await CheckHostAsync(findings, cancellationToken);
            return new PlatformCheck(IsUsable: true, product, findings);
        }
        catch (VProtectException exception)
        {
            findings.Add($"{exception.Message} {exception.Guidance}");
            return new PlatformCheck(IsUsable: false, null, findings);
        }
    }

    private async Task CheckHostAsync(List<string> findings, CancellationToken cancellationToken)
    {
        if (!_platform.Host.HasCommands)
        {
            findings.Add("By qemu+tls only the inventory is read; use qemu+ssh for backups, restores and snapshots.");
            return;
        }

        foreach (string program in (string[])["qemu-img", "qemu-nbd"])
        {
            if ((await _platform.Host.RunAsync(["sh", "-c", "command -v \"$1\"", "sh", program], cancellationToken)).ExitCode != 0)
            {
                findings.Add($"The host has no '{program}': install the Debian package qemu-utils there.");
            }
        }

        foreach (string directory in new[] { _platform.Options.SocketDirectory, _platform.Options.ScratchDirectory }.OfType<string>())
        {
            if ((await _platform.Host.RunAsync(["test", "-d", directory, "-a", "-w", directory], cancellationToken)).ExitCode != 0)
            {
                findings.Add($"'{directory}' on the host is no directory that this user may write: backups of running machines need it.");
            }
        }
    }
}
