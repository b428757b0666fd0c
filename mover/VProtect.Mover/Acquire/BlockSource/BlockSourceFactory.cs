using VProtect.Abstractions;
using VProtect.Mover.Posix;
using VProtect.Mover.Qemu;
using VProtect.Nbd;

namespace VProtect.Mover.Acquire.BlockSource;

/// <summary>Opens what an administrator names as a source.</summary>
public static class BlockSourceFactory
{
    /// <summary>
    /// Opens a source: <c>-</c> is standard input, an NBD URI an export, anything else a block device or a file, the latter
    /// raw or an image of the format its content shows. The caller disposes it.
    /// </summary>
    /// <param name="source">As above.</param>
    /// <param name="options">How to open it.</param>
    /// <param name="cancellationToken">Stops opening.</param>
    /// <exception cref="VProtectException">
    /// <see cref="ErrorCode.SourceUnavailable"/>; <see cref="ErrorCode.InvalidArgument"/> when an option does not suit the source.
    /// </exception>
    public static async ValueTask<IBlockSource> OpenAsync(
        string source, SourceOptions options, CancellationToken cancellationToken)
    {
        if (source.StartsWith("nbd", StringComparison.Ordinal) && source.Contains("://", StringComparison.Ordinal))
        {
            return await OpenNbdAsync(source, options, cancellationToken);
        }

        if ((options.Bitmap ?? options.NextBitmap) is not null)
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument,
                ErrorSide.Request,
                $"'{source}' has no dirty bitmaps.",
                "Name the NBD export of the machine's disk as source, or leave the bitmap out.");
        }

        if (source == "-")
        {
            return new StreamSource(StandardStream.OpenInput(), "standard input");
        }

        string path = Path.GetFullPath(source);
        ImageFormat format = options.Format ?? Probe(path);
        return format == ImageFormat.Raw
            ? FileSource.Open(path)
            : await QemuNbdSource.OpenAsync(path, format, options, cancellationToken);
    }

    /// <summary>Opens what a connector says of a disk. The caller disposes it, before the connector's access.</summary>
    /// <param name="endpoint">Where the bytes are.</param>
    /// <param name="name">What messages call the disk.</param>
    /// <param name="cancellationToken">Stops opening.</param>
    /// <exception cref="VProtectException"><see cref="ErrorCode.SourceUnavailable"/>.</exception>
    public static async ValueTask<IBlockSource> OpenAsync(DiskEndpoint endpoint, string name, CancellationToken cancellationToken)
    {
        switch (endpoint)
        {
            case DiskEndpoint.Nbd nbd:
                var options = new SourceOptions
                {
                    Bitmap = nbd.Bitmap,
                    Changed = nbd.Changed,
                    ConnectionsMax = nbd.ConnectionsMax,
                    Tokens = new PlatformTokens(nbd.Since, nbd.Next),
                };
                return await NbdSource.OpenAsync(ParseUri(nbd.Uri), name, options, cancellationToken);
            case DiskEndpoint.File file:
                // Named as it is by whoever made it: never told by its content, which is the guest's.
                ImageFormat format = ImageFormats.TryFromDriver(file.Format)
                    ?? throw SourceErrors.Unavailable($"'{file.Path}' is of a format that is not known: '{file.Format}'.", "Convert the disk to raw or qcow2.");
                return format == ImageFormat.Raw
                    ? FileSource.Open(file.Path)
                    : await QemuNbdSource.OpenAsync(
                        file.Path, format, new SourceOptions { Format = format, AllowsOtherFiles = file.AllowsBackingFiles }, cancellationToken);
            case DiskEndpoint.Source source:
                return await source.OpenAsync(cancellationToken);
            default:
                throw SourceErrors.Unavailable($"{name} can be written and not read.", "This is a fault of the platform's connector: report it.");
        }
    }

    private static async ValueTask<IBlockSource> OpenNbdAsync(
        string source, SourceOptions options, CancellationToken cancellationToken)
    {
        NbdUri uri = ParseUri(source);
        return await NbdSource.OpenAsync(uri, uri.ToString(), options, cancellationToken);
    }

    private static NbdUri ParseUri(string source)
    {
        try
        {
            return NbdUri.Parse(source);
        }
        catch (NbdException exception)
        {
            throw SourceErrors.Unavailable(exception.Message, "Write it as nbd://host/export or nbd+unix:///export?socket=/path.", exception);
        }
    }

    // Devices are never probed: what they begin with is the guest's.
    private static ImageFormat Probe(string path)
    {
        try
        {
            return PosixFile.TryGetStatus(path, out FileStatus status) && status.IsRegularFile
                ? ImageFormats.Probe(path)
                : ImageFormat.Raw;
        }
        catch (PosixException exception)
        {
            throw SourceErrors.OpenFailed(exception);
        }
    }
}
