using System.Xml.Linq;
using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm.Hosts;

namespace VProtect.Connectors.Kvm;

/// <summary>What a machine has on its host besides disks: firmware variables and the state of an emulated TPM.</summary>
internal static class MachineFiles
{
    /// <summary>Gives a new machine's definition a file of its own for firmware variables, and writes what the restore point has.</summary>
    /// <param name="host">Where.</param>
    /// <param name="root">The definition; its uuid is the machine's.</param>
    /// <param name="name">The machine's name.</param>
    /// <param name="documents">Of the restore point.</param>
    /// <param name="cancellationToken">Gives up.</param>
    internal static async Task WriteAsync(KvmHost host, XElement root, string name, IReadOnlyList<MachineDocument> documents, CancellationToken cancellationToken)
    {
        var definition = DomainDefinition.Parse(root.ToString());
        if (definition.NvramPath is { } nvram)
        {
            string path = Path.Join(Path.GetDirectoryName(nvram), $"{ToFileName(name)}_VARS.fd");
            MachineRewriter.SetNvram(root, path);
            if (documents.FirstOrDefault(item => item.Name == Documents.NvramName) is { } variables)
            {
                await WriteAsync(host, "the firmware's variables", path, variables.Content, cancellationToken);
            }
        }

        foreach (MachineDocument state in documents.Where(item => item.Name.StartsWith(Documents.TpmPrefix, StringComparison.Ordinal)))
        {
            string file = state.Name[Documents.TpmPrefix.Length..];
            await WriteAsync(host, "the TPM's state", $"{Documents.TpmDirectory}/{definition.Uuid}/{file.Replace("..", "", StringComparison.Ordinal)}", state.Content, cancellationToken);
        }
    }

    /// <summary>Writes a small file on the host that its owner only can read; QEMU's user gets it from libvirt at the machine's start.</summary>
    internal static Task WriteAsync(KvmHost host, string what, string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => host.MustRunAsync(
        $"Writing {what} to '{path}' on the host",
        ["sh", "-c", "umask 077; mkdir -p -- \"${1%/*}\" && cat >\"$1\"", "sh", path],
        cancellationToken,
        content.ToArray());

    internal static string ToFileName(string name) => name.Replace('/', '_');
}
