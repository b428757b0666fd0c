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

    /// <summary>
    /// Opens what a connector made or found for a disk to be restored: written in place, except a file that is not there yet. The caller
    /// disposes it, before the connector's access.
    /// </summary>
    /// <param name="endpoint">Where the bytes go.</param>
    /// <param name="name">What messages call the disk.</param>
    /// <param name="sizeBytes">Size of the disk.</param>
    /// <param name="cancellationToken">Stops opening.</param>
    /// <exception cref="VProtectException"><see cref="ErrorCode.TargetUnavailable"/>.</exception>
    public static async ValueTask<IBlockTarget> OpenAsync(DiskEndpoint endpoint, string name, long sizeBytes, CancellationToken cancellationToken)
    {
        switch (endpoint)
        {
            case DiskEndpoint.Nbd nbd:
                var options = new TargetOptions { SizeBytes = sizeBytes, Differential = true, ConnectionsMax = nbd.ConnectionsMax };
                return await NbdTarget.OpenAsync(ParseUri(nbd.Uri), name, isZeroed: false, options, cancellationToken);
            case DiskEndpoint.File file:
                ImageFormat format = ImageFormats.TryFromDriver(file.Format)
                    ?? throw TargetErrors.Unavailable($"'{file.Path}' is of a format that is not known: '{file.Format}'.", "Restore to raw or qcow2.");
                return await OpenFileAsync(file, format, sizeBytes, cancellationToken);
            case DiskEndpoint.Target target:
                return await target.OpenAsync(cancellationToken);
            default:
                throw TargetErrors.Unavailable($"{name} can be read and not written.", "This is a fault of the platform's connector: report it.");
        }
    }

    private static async ValueTask<IBlockTarget> OpenFileAsync(
        DiskEndpoint.File file, ImageFormat format, long sizeBytes, CancellationToken cancellationToken)
    {
        try
        {
            bool exists = PosixFile.TryGetStatus(file.Path, out FileStatus status);
            var options = new TargetOptions
            {
                SizeBytes = sizeBytes,
                Differential = exists,
                Format = format,
                AllowsOtherFiles = file.AllowsBackingFiles,
            };
            return exists && status.IsBlockDevice && format == ImageFormat.Raw ? DeviceTarget.Open(file.Path, options)
                : format == ImageFormat.Raw ? FileTarget.Open(file.Path, options)
                : await QemuNbdTarget.OpenAsync(file.Path, format, options, cancellationToken);
        }
        catch (PosixException exception)
        {
            throw TargetErrors.OpenFailed(exception);
        }
    }

    private static async ValueTask<IBlockTarget> OpenNbdAsync(
        string target, TargetOptions options, CancellationToken cancellationToken)
    {
        NbdUri uri = ParseUri(target);
        return await NbdTarget.OpenAsync(uri, uri.ToString(), isZeroed: false, options, cancellationToken);
    }

    private static NbdUri ParseUri(string target)
    {
        try
        {
            return NbdUri.Parse(target);
        }
        catch (NbdException exception)
        {
            throw TargetErrors.Unavailable(exception.Message, "Write it as nbd://host/export or nbd+unix:///export?socket=/path.", exception);
        }
    }
}
