using System.Diagnostics;

namespace VProtect.Testing;

/// <summary>
/// A libvirtd of our own, real and private: its own mount namespace gives it configuration, state and run directories, its client socket lies in ours, and no
/// systemd, no D-Bus and no user of the machine is involved. Machines that still run are ended with it.
/// </summary>
/// <param name="name">Its host name, for what distinguishes hosts by it; null for the machine's own.</param>
public sealed class LibvirtHost(string? name = null) : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private Process? _process;

    /// <summary>Where tests put images, scratch files and sockets; short, since paths of sockets are.</summary>
    public string Work => _directory["w"];

    /// <summary>Where it is reached.</summary>
    public string Uri => $"qemu:///system?socket={_directory["sock/libvirt-sock"]}";

    /// <summary>A directory of 4 MiB, for what happens when one is full; mounted before the daemon gets a mount namespace of its own.</summary>
    public string Small => _directory["small"];

    /// <summary>Where the process ids of machines are.</summary>
    public string RunDirectory => _directory["run"];

    /// <summary>What is <c>/var/lib/libvirt</c> to it.</summary>
    public string LibraryDirectory => _directory["lib"];

    /// <summary>Starts it, and waits until it answers.</summary>
    public async Task StartAsync()
    {
        Directory.CreateDirectory(Work);
        foreach (string name in (string[])["etc", "lib", "cache", "run", "log", "sock"])
        {
            Directory.CreateDirectory(_directory[name]);
        }

        Directory.CreateDirectory(Small);
        Tool.Run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", Small);
        File.WriteAllText(_directory["etc/qemu.conf"], """
            user = "root"
            group = "root"
            security_driver = "none"
            cgroup_controllers = [ ]
            namespaces = [ ]
            stdio_handler = "file"
            remember_owner = 0
            dynamic_ownership = 0
            swtpm_user = "root"
            swtpm_group = "root"
            """);
        File.WriteAllText(_directory["etc/libvirtd.conf"], $"""
            unix_sock_dir = "{_directory["sock"]}"
            auth_unix_rw = "none"
            auth_unix_ro = "none"
            log_outputs = "3:file:{_directory["libvirtd.log"]}"
            host_uuid = "{Guid.NewGuid()}"
            """);

        // Debian's libvirt asks for this user, which a package we do not need creates: it is there inside only.
        File.WriteAllText(_directory["etc/passwd"], File.ReadAllText("/etc/passwd") + "libvirt-qemu:x:64055:64055::/nonexistent:/usr/sbin/nologin\n");
        File.WriteAllText(_directory["etc/group"], File.ReadAllText("/etc/group") + "libvirt-qemu:x:64055:\n");
        string d = _directory.Path;
        string script = $"""
            set -e
            mkdir -p /etc/libvirt /var/lib/libvirt /var/cache/libvirt /run/libvirt /var/log/libvirt
            mount --bind {d}/etc/passwd /etc/passwd
            mount --bind {d}/etc/group /etc/group
            mount --bind {d}/etc /etc/libvirt
            mount --bind {d}/lib /var/lib/libvirt
            mount --bind {d}/cache /var/cache/libvirt
            mount --bind {d}/run /run/libvirt
            mount --bind {d}/log /var/log/libvirt
            {(name is null ? "" : $"hostname {name}")}
            exec libvirtd -p {d}/libvirtd.pid -f /etc/libvirt/libvirtd.conf >{d}/libvirtd.out 2>&1 </dev/null
            """;
        _process = Process.Start(new ProcessStartInfo("unshare", ["-m", "-u", "--propagation", "private", "sh", "-c", script]))!;
        while (Tool.TryRun("virsh", "-q", "-c", Uri, "version").ExitCode != 0)
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException($"libvirtd ended: {File.ReadAllText(_directory["libvirtd.out"])} {File.ReadAllText(_directory["libvirtd.log"])}");
            }

            await Task.Delay(50);
        }
    }

    /// <summary>Ends its machines and it.</summary>
    public async Task StopAsync()
    {
        foreach (string uuid in Virsh("list", "--all", "--uuid").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Tool.TryRun("virsh", "-q", "-c", Uri, "destroy", uuid);
        }

        _process!.Kill();
        await _process.WaitForExitAsync();
        Tool.Run("umount", Small);
    }

    public void Dispose()
    {
        _process?.Dispose();
        _directory.Dispose();
    }

    /// <summary>Runs virsh, the client of others; fails when it fails.</summary>
    public string Virsh(params string[] arguments) => Tool.Run("virsh", ["-q", "-c", Uri, .. arguments]);
}
