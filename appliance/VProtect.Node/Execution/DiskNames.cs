using VProtect.Abstractions;
using VProtect.Connectors.Contract;

namespace VProtect.Node.Execution;

/// <summary>What messages call disks.</summary>
internal static class DiskNames
{
    public static string Of(BackupAccessDisk disk) => $"disk '{disk.Id}'";

    /// <summary>The failure with the disk in front that it is of.</summary>
    public static VProtectException Name(VProtectException failure, string disk) =>
        failure.Message.StartsWith($"disk '{disk}'", StringComparison.OrdinalIgnoreCase)
            ? failure
            : new VProtectException(failure.Code, failure.Side, $"Disk '{disk}': {failure.Message}", failure.Guidance, failure.Retry, failure);
}
