using System.Text;
using VProtect.Abstractions;
using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm.Hosts;

namespace VProtect.Connectors.Kvm;

/// <summary>What is needed to make a machine anew: definition, firmware variables, TPM state.</summary>
internal static class Documents
{
    internal const string DomainName = "domain.xml";
    internal const string NvramName = "nvram.fd";
    internal const string TpmPrefix = "tpm/";

    /// <summary>Where libvirt keeps the state of emulated TPMs, by machine.</summary>
    internal const string TpmDirectory = "/var/lib/libvirt/swtpm";

    private const int FileBytesMax = 4 << 20;

    /// <summary>Collects them. What cannot be read is told and left out.</summary>
    /// <param name="host">The host.</param>
    /// <param name="domainXml">The definition as it will be at the next start, without secrets.</param>
    /// <param name="warnings">Is told what is missing.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    internal static async Task<IReadOnlyList<MachineDocument>> ReadAsync(
        KvmHost host, string domainXml, WarningList warnings, CancellationToken cancellationToken)
    {
        List<MachineDocument> documents = [new(DomainName, "application/xml", Encoding.UTF8.GetBytes(domainXml))];
        DomainDefinition definition = DomainDefinition.Parse(domainXml);
        if (definition.NvramPath is { } nvram)
        {
            await AddAsync(host, nvram, NvramName, "The firmware's variables", documents, warnings, cancellationToken);
        }

        if (definition.HasEmulatedTpm)
        {
            string directory = $"{TpmDirectory}/{definition.Uuid}";
            string list = host.HasCommands
                ? (await host.RunAsync(["find", directory, "-type", "f", "-not", "-name", ".lock", "-printf", "%P\\0"], cancellationToken)).Text
                : "";
            string[] files = list.Split('\0', StringSplitOptions.RemoveEmptyEntries);
            if (files.Length == 0)
            {
                warnings.Add($"The state of the TPM is not in the restore point: nothing can be read in '{directory}' on the host.");
            }

            foreach (string file in files)
            {
                await AddAsync(host, $"{directory}/{file}", TpmPrefix + file, "The state of the TPM", documents, warnings, cancellationToken);
            }
        }

        return documents;
    }

    /// <summary>The definition that is kept with a restore point.</summary>
    /// <exception cref="VProtectException">There is none.</exception>
    internal static string DomainOf(IReadOnlyList<MachineDocument> documents) => Encoding.UTF8.GetString((documents.FirstOrDefault(item => item.Name == DomainName) ?? throw Errors.Of(
        ErrorCode.NotSupported,
        "The restore point holds no definition of a KVM machine (domain.xml).",
        "Restore its disks to files, or onto an existing machine.")).Content.Span);

    private static async Task AddAsync(
        KvmHost host, string path, string name, string what, List<MachineDocument> documents, WarningList warnings, CancellationToken cancellationToken)
    {
        string fault;
        try
        {
            CommandResult result = await host.RunAsync(["head", "-c", (FileBytesMax + 1).ToString(System.Globalization.CultureInfo.InvariantCulture), "--", path], cancellationToken);
            if (result.ExitCode == 0 && result.Output.Length <= FileBytesMax)
            {
                documents.Add(new MachineDocument(name, "application/octet-stream", result.Output));
                return;
            }

            fault = result.ExitCode == 0 ? "it is larger than 4 MiB" : result.Error;
        }
        catch (VProtectException exception)
        {
            fault = exception.Message;
        }

        warnings.Add($"{what} ('{path}' on the host) could not be kept: {fault}");
    }
}
