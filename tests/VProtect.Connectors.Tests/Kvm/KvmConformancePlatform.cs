using System.Globalization;
using System.Xml.Linq;
using VProtect.Abstractions;
using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm;
using VProtect.Connectors.Kvm.Native;
using VProtect.Connectors.Tests.Conformance;
using VProtect.Mover.Acquire.BlockSource;
using VProtect.Mover.Deliver.BlockTarget;
using VProtect.Testing;

namespace VProtect.Connectors.Tests.Kvm;

/// <summary>
/// libvirt and QEMU with machines that stand still: what their guests would write is written by QEMU's monitor at the guest's devices. Everything is in one
/// directory, which is also the storage pool.
/// </summary>
internal sealed class KvmConformancePlatform : ConformancePlatform
{
    private readonly LibvirtDaemon _daemon;
    private readonly string _directory;
    private readonly LibvirtApi _api;
    private readonly string _imageFormat;

    private readonly SshServer? _ssh;

    internal KvmConformancePlatform(LibvirtDaemon daemon, string imageFormat = "qcow2", SshServer? ssh = null)
    {
        _ssh = ssh;
        _daemon = daemon;
        _imageFormat = imageFormat;
        _directory = Path.Join(daemon.Work, Guid.NewGuid().ToString("N")[..6]);
        Directory.CreateDirectory(_directory);
        daemon.Virsh("pool-create-as", "images", "dir", "--target", _directory);
        _api = LibvirtApi.Connect(daemon.Uri, "", null);
        // A network that needs neither a bridge nor a DHCP server to be called active.
        string network = Path.Join(_directory, "network.xml");
        File.WriteAllText(network, "<network><name>lab</name><forward mode='bridge'/><bridge name='vprotect-none'/></network>");
        daemon.Virsh("net-create", network);
    }

    public override IConnectorFactory Factory { get; } = new KvmConnectorFactory();

    public override ConnectorEndpoint Endpoint => _ssh is null
        ? new(_daemon.Uri, "", Secret: null, Settings)
        : new($"qemu+ssh://127.0.0.1:{_ssh.Port}/system{new Uri(_daemon.Uri).Query}", "root", _ssh.UserKey, new Dictionary<string, string>(Settings) { ["hostKey"] = _ssh.HostKey });

    public override ConnectorEndpoint UnreachableEndpoint => new($"qemu:///system?socket={_directory}/nowhere", "", "open sesame", Settings);

    /// <summary>By ssh each takes several times as long, and what differs is the way only.</summary>
    public override int Rounds => _ssh is null ? 4 : 2;

    /// <summary>Settings of the endpoint; tests add theirs.</summary>
    internal Dictionary<string, string> Settings => new(ExtraSettings)
    {
        ["socketDirectory"] = _directory,
        ["scratchReserveMiB"] = ExtraSettings.GetValueOrDefault("scratchReserveMiB", "0"),
    };

    internal Dictionary<string, string> ExtraSettings { get; } = [];

    /// <summary>Where everything is.</summary>
    internal string WorkDirectory => _directory;

    internal LibvirtApi Api => _api;

    internal LibvirtDaemon Daemon => _daemon;

    public override Task<string> AddMachineAsync(string name, bool isRunning, int diskCount)
    {
        var disks = new List<string>();
        for (int i = 0; i < diskCount; i++)
        {
            string path = Path.Join(_directory, $"{name}-vd{(char)('a' + i)}.{_imageFormat}");
            Tool.Run("qemu-img", "create", "-q", "-f", _imageFormat, path, DiskBytes.ToString(CultureInfo.InvariantCulture));
            disks.Add($"""
                <disk type='file' device='disk'>
                  <driver name='qemu' type='{_imageFormat}' discard='unmap'/><source file='{path}'/><target dev='vd{(char)('a' + i)}' bus='virtio'/>
                </disk>
                """);
        }

        string uuid = Define(name, string.Concat(disks));
        if (isRunning)
        {
            _daemon.Virsh("start", uuid, "--paused");
        }

        return Task.FromResult(uuid);
    }

    /// <summary>Defines a machine with devices.</summary>
    internal string Define(string name, string devices)
    {
        using DomainHandle domain = _api.Define($"""
            <domain type='qemu'>
              <name>{name}</name><memory unit='MiB'>16</memory><vcpu>1</vcpu>
              <os><type arch='x86_64' machine='pc'>hvm</type></os>
              <devices>
                <emulator>/usr/bin/qemu-system-x86_64</emulator>
                {devices}
                <controller type='usb' model='none'/><memballoon model='none'/>
                <interface type='user'><model type='virtio'/></interface>
              </devices>
            </domain>
            """);
        return DomainDefinition.Parse(LibvirtApi.GetXml(domain)).Uuid;
    }

    public override Task RemoveMachineAsync(string uuid)
    {
        DomainDefinition definition = Definition(uuid);
        Tool.TryRun("virsh", "-q", "-c", _daemon.Uri, "destroy", uuid);
        _daemon.Virsh("undefine", uuid, "--snapshots-metadata", "--checkpoints-metadata");
        foreach (DomainDisk disk in definition.ProtectedDisks)
        {
            File.Delete(disk.Path!);
        }

        return Task.CompletedTask;
    }

    public override Task RenameMachineAsync(string uuid, string name)
    {
        _daemon.Virsh("domrename", uuid, name);
        return Task.CompletedTask;
    }

    public override Task PowerOffAsync(string uuid)
    {
        _daemon.Virsh("destroy", uuid);
        return Task.CompletedTask;
    }

    public override Task WriteAsync(string uuid, string disk, long offsetBytes, ReadOnlyMemory<byte> bytes)
    {
        string file = Path.Join(_directory, $"write-{Guid.NewGuid():N}");
        File.WriteAllBytes(file, bytes.ToArray());
        string command = string.Create(CultureInfo.InvariantCulture, $"write -s {file} {offsetBytes} {bytes.Length}");
        if (IsRunning(uuid))
        {
            Monitor.Io(_api, uuid, disk, command);
        }
        else
        {
            DomainDisk image = Definition(uuid).Find(disk)!;
            // A backup holds QEMU's lock on images of machines that are off, against what we do here on purpose.
            Tool.TryRun("qemu-io", "-f", image.Format, "-c", command, image.Path!);
        }

        File.Delete(file);
        return Task.CompletedTask;
    }

    public override Task<byte[]> ReadAsync(string uuid, string disk)
    {
        if (IsRunning(uuid))
        {
            Monitor.Io(_api, uuid, disk, "flush");
        }

        DomainDisk image = Definition(uuid).Find(disk)!;
        string file = Path.Join(_directory, "read.raw");
        Tool.Run("qemu-img", "convert", "-U", "-f", image.Format, "-O", "raw", image.Path!, file);
        byte[] bytes = File.ReadAllBytes(file);
        File.Delete(file);
        return Task.FromResult(bytes);
    }

    public override Task<string?> AddForeignSnapshotAsync(string uuid, string name)
    {
        _daemon.Virsh("snapshot-create-as", uuid, name);
        return Task.FromResult<string?>(name);
    }

    public override Task<string> NetworkOfAsync(string uuid)
    {
        XElement card = Definition(uuid).Interfaces.First();
        string network = (string?)card.Element("source")?.Attribute("network") ?? "";
        return Task.FromResult(_daemon.Virsh("net-uuid", network).Trim());
    }

    public override Task<IReadOnlyList<string>> LeftoversAsync()
    {
        List<string> left = [.. Directory.EnumerateFileSystemEntries(_directory, TaskMark.Prefix + "*").Where(path => !path.EndsWith(".snapshot", StringComparison.Ordinal))];
        foreach (DomainHandle domain in _api.ListDomains())
        {
            using (domain)
            {
                string xml = LibvirtApi.GetXml(domain, Libvirt.DomainXmlInactive);
                if (xml.Contains("https://vprotect", StringComparison.Ordinal))
                {
                    left.Add(xml);
                }

                if (IsRunning(DomainDefinition.Parse(xml).Uuid) && LibvirtApi.TryGetBackupXml(domain) is { } job)
                {
                    left.Add(job);
                }

                // Two of a lineage stay after a crash, since only the next backup knows which of them is built upon.
                foreach (IGrouping<string, CheckpointName> lineage in Checkpoints.List(domain).Select(item => item.Name).GroupBy(name => name.Lineage))
                {
                    left.AddRange(lineage.Skip(2).Select(name => name.ToString()));
                }
            }
        }

        return Task.FromResult<IReadOnlyList<string>>(left);
    }

    public override ValueTask<IBlockSource> OpenSourceAsync(DiskEndpoint endpoint, CancellationToken cancellationToken) =>
        BlockSourceFactory.OpenAsync(endpoint, "disk", cancellationToken);

    public override ValueTask<IBlockTarget> OpenTargetAsync(RestoreAccessDisk disk, long sizeBytes, CancellationToken cancellationToken) =>
        BlockTargetFactory.OpenAsync(disk.Endpoint, "disk", sizeBytes, cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        foreach (string uuid in _daemon.Virsh("list", "--all", "--uuid").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Tool.TryRun("virsh", "-q", "-c", _daemon.Uri, "destroy", uuid);
            _daemon.Virsh("undefine", uuid, "--snapshots-metadata", "--checkpoints-metadata");
        }

        _daemon.Virsh("pool-destroy", "images");
        _daemon.Virsh("net-destroy", "lab");
        _api.Dispose();
        await Task.Yield();
        Directory.Delete(_directory, recursive: true);
    }

    private bool IsRunning(string uuid)
    {
        using DomainHandle domain = _api.LookupDomain(uuid);
        return InventoryReader.ToPower(LibvirtApi.GetState(domain)) != PowerState.Off;
    }

    private DomainDefinition Definition(string uuid)
    {
        using DomainHandle domain = _api.LookupDomain(uuid);
        return DomainDefinition.Parse(LibvirtApi.GetXml(domain));
    }
}
