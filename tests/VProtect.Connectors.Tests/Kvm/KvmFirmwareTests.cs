using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm;
using VProtect.Connectors.Kvm.Native;
using VProtect.Testing;

namespace VProtect.Connectors.Tests.Kvm;

/// <summary>What a machine keeps beside its disks: the variables of its firmware and the state of its TPM, with OVMF and swtpm.</summary>
[Collection(LibvirtTests.Name)]
public sealed class KvmFirmwareTests : IAsyncLifetime
{
    private const string TpmDirectory = "/var/lib/libvirt/swtpm";

    public KvmFirmwareTests(LibvirtDaemon daemon) => Platform = new KvmConformancePlatform(daemon);

    private KvmConformancePlatform Platform { get; }

    /// <summary>The daemon has a /var/lib/libvirt of its own: the connector, which is outside, is shown the TPMs in it.</summary>
    public Task InitializeAsync()
    {
        string state = Path.Join(Platform.Daemon.LibraryDirectory, "swtpm");
        Directory.CreateDirectory(state);
        Directory.CreateDirectory(TpmDirectory);
        Tool.Run("mount", "--bind", state, TpmDirectory);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        Tool.Run("umount", TpmDirectory);
        foreach (string uuid in Platform.Daemon.Virsh("list", "--all", "--uuid").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Tool.TryRun("virsh", "-q", "-c", Platform.Daemon.Uri, "destroy", uuid);
            Platform.Daemon.Virsh("undefine", uuid, "--checkpoints-metadata", "--nvram", "--tpm");
        }

        await Platform.DisposeAsync();
    }

    [Fact]
    public async Task Variables_and_TPM_come_back_with_a_new_machine_which_starts()
    {
        string uuid = Define("efi");
        Platform.Daemon.Virsh("start", uuid, "--paused");
        Platform.Daemon.Virsh("destroy", uuid);

        // The firmware of a machine that stands still writes nothing: this is what it would have written.
        string variables = Path.Join(Platform.WorkDirectory, "efi_VARS.fd");
        using (var file = new FileStream(variables, FileMode.Open))
        {
            file.Position = 300_000;
            file.Write("ours"u8);
        }

        Dictionary<string, byte[]> tpm = TpmOf(uuid);
        Assert.NotEmpty(tpm);
        Platform.Daemon.Virsh("start", uuid, "--paused");
        IReadOnlyList<MachineDocument> documents;
        await using IConnector connector = Platform.Factory.Open(Platform.Endpoint);
        await using (IBackupAccess access = await connector.OpenBackupAsync(KvmBackup.Opening(uuid), CancellationToken.None))
        {
            documents = access.Documents;
            Assert.Empty(access.Warnings);
        }

        var opening = new RestoreOpening
        {
            TaskGuid = Guid.NewGuid().ToString(),
            Documents = documents,
            Disks = [new RestoreDisk("vda", 4 << 20, StorageId: null)],
            Name = "efi again",
            StorageId = (await connector.ReadInventoryAsync(CancellationToken.None)).Storages[^1].Id,
        };
        string made;
        await using (IRestoreAccess restore = await connector.OpenRestoreAsync(opening, CancellationToken.None))
        {
            made = await restore.CompleteAsync(powerOn: false, CancellationToken.None);
            Assert.Empty(restore.Warnings);
        }

        DomainDefinition definition;
        using (DomainHandle domain = Platform.Api.LookupDomain(made))
        {
            definition = DomainDefinition.Parse(LibvirtApi.GetXml(domain));
        }

        Assert.NotEqual(variables, definition.NvramPath);
        Assert.Equal(await File.ReadAllBytesAsync(variables), await File.ReadAllBytesAsync(definition.NvramPath!));
        Dictionary<string, byte[]> again = TpmOf(made);
        Assert.Equal(tpm.Keys.Order(), again.Keys.Order());
        Assert.All(tpm, file => Assert.Equal(file.Value, again[file.Key]));
        Platform.Daemon.Virsh("start", made, "--paused");
        Assert.Empty(await Platform.LeftoversAsync());
    }

    private static Dictionary<string, byte[]> TpmOf(string uuid)
    {
        string directory = Path.Join(TpmDirectory, uuid);
        return Directory.GetFiles(directory, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal))
            .ToDictionary(file => Path.GetRelativePath(directory, file), File.ReadAllBytes);
    }

    private string Define(string name)
    {
        string image = Path.Join(Platform.WorkDirectory, $"{name}.qcow2");
        Tool.Run("qemu-img", "create", "-q", "-f", "qcow2", image, "4M");
        using DomainHandle domain = Platform.Api.Define($"""
            <domain type='qemu'>
              <name>{name}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
              <os>
                <type arch='x86_64' machine='q35'>hvm</type>
                <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>
                <nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'>{Platform.WorkDirectory}/{name}_VARS.fd</nvram>
              </os>
              <features><acpi/></features>
              <devices>
                <emulator>/usr/bin/qemu-system-x86_64</emulator>
                <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{image}'/><target dev='vda' bus='virtio'/></disk>
                <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>
              </devices>
            </domain>
            """);
        return DomainDefinition.Parse(LibvirtApi.GetXml(domain)).Uuid;
    }
}
