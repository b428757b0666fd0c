using VProtect.Abstractions;
using VProtect.Mover.Posix;
using VProtect.Mover.Qemu;
using VProtect.Nbd;

namespace VProtect.Mover.Deliver.BlockTarget;

/// <summary>Opens what an administrator names as a restore target.</summary>
public static class BlockTargetFactory
{
    /// <summary>
    /// Opens a target: <c>-</c> is standard output, an NBD URI an export, anything else a block device or a file whose
    /// ending picks its format: <c>.qcow2 .vmdk .vhdx .vhd .vpc .vdi .qed</c>, all others raw. The caller disposes it.
    /// </summary>
    /// <param name="target">As above.</param>
    /// <param name="options">Size of the disk and how to treat what is there.</param>
    /// <param name="cancellationToken">Stops opening.</param>
    /// <exception cref="VProtectException">
    /// <see cref="ErrorCode.TargetUnavailable"/>; <see cref="ErrorCode.InvalidArgument"/> when an option does not suit the target.
    /// </exception>
    public static async ValueTask<IBlockTarget> OpenAsync(
        string target, TargetOptions options, CancellationToken cancellationToken)
    {
        if (target.StartsWith("nbd", StringComparison.Ordinal) && target.Contains("://", StringComparison.Ordinal))
        {
            return await OpenNbdAsync(target, options, cancellationToken);
        }

        if (target == "-")
        {
            return options.Differential
                ? throw new VProtectException(
                    ErrorCode.InvalidArgument,
                    ErrorSide.Request,
                    "Standard output cannot be restored to differentially.",
                    "Name a file, a device or an NBD export.")
                : new StreamTarget(StandardStream.OpenOutput(), "standard output");
        }

        string path = Path.GetFullPath(target);
        try
        {
            if (PosixFile.TryGetStatus(path, out FileStatus status) && status.IsBlockDevice)
            {
                return DeviceTarget.Open(path, options);
            }

            // What is to be changed in place is what it is, whatever its name.
            ImageFormat format = options.Format
                ?? (options.Differential && status.IsRegularFile ? ImageFormats.Probe(path) : ImageFormats.FromEnding(path));
            return format == ImageFormat.Raw
                ? FileTarget.Open(path, options)
                : await QemuNbdTarget.OpenAsync(path, format, options, cancellationToken);
        }
        catch (PosixException exception)
        {
            throw TargetErrors.OpenFailed(exception);
        }
    }

    private static async ValueTask<IBlockTarget> OpenNbdAsync(
        string target, TargetOptions options, CancellationToken cancellationToken)
    {
        NbdUri uri;
        try
        {
            uri = NbdUri.Parse(target);
        }
        catch (NbdException exception)
        {
            throw TargetErrors.Unavailable(exception.Message, "Write it as nbd://host/export or nbd+unix:///export?socket=/path.", exception);
        }

        return await NbdTarget.OpenAsync(uri, uri.ToString(), isZeroed: false, options, cancellationToken);
    }
}
