using VProtect.Abstractions;
using VProtect.Mover.Posix;
using VProtect.Mover.Qemu;

namespace VProtect.Mover.Deliver.BlockTarget;

/// <summary>
/// A disk in an image file of QEMU's formats, written through a <c>qemu-nbd</c> of our own: a new one that appears when
/// it is complete, or an existing one changed in place. QEMU has our rights here: it reads only what it wrote itself.
/// </summary>
internal sealed class QemuNbdTarget : IBlockTarget
{
    private readonly QemuNbdServer _server;
    private readonly NbdTarget _target;
    private readonly NewFile? _newFile;

    private QemuNbdTarget(QemuNbdServer server, NbdTarget target, NewFile? newFile)
    {
        _server = server;
        _target = target;
        _newFile = newFile;
    }

    public string Name => _target.Name;

    public bool IsSequential => false;

    public bool IsZeroed => _target.IsZeroed;

    public bool CanRead => true;

    /// <exception cref="VProtectException">The file exists, or does not, or QEMU cannot make it.</exception>
    internal static async ValueTask<QemuNbdTarget> OpenAsync(
        string path, ImageFormat format, TargetOptions options, CancellationToken cancellationToken)
    {
        NewFile? newFile = null;
        QemuNbdServer? server = null;
        try
        {
            if (options.Differential && !options.AllowsOtherFiles)
            {
                await RefuseOtherFilesAsync(path, format, cancellationToken);
            }
            else if (!options.Differential)
            {
                newFile = await CreateAsync(path, format, options, cancellationToken);
            }

            server = await QemuNbdServer.StartAsync(
                newFile?.TemporaryPath ?? path, format, isWritable: true, options.ConnectionsMax, Sandbox.Own, cancellationToken);
            string name = $"{path} ({ImageFormats.ToDriver(format)})";
            bool isZeroed = newFile is not null;
            NbdTarget target = await NbdTarget.OpenAsync(server.Uri, name, isZeroed, options, cancellationToken);
            return new QemuNbdTarget(server, target, newFile);
        }
        catch (Exception exception)
        {
            if (server is not null)
            {
                await server.DisposeAsync();
            }

            newFile?.Dispose();
            throw exception switch
            {
                QemuException cause => TargetErrors.FromQemu(cause, path),
                PosixException cause => TargetErrors.OpenFailed(cause),
                _ => exception,
            };
        }
    }

    public ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> data, CancellationToken cancellationToken) =>
        _target.WriteAsync(offsetBytes, data, cancellationToken);

    public ValueTask WriteZeroesAsync(long offsetBytes, long lengthBytes, CancellationToken cancellationToken) =>
        _target.WriteZeroesAsync(offsetBytes, lengthBytes, cancellationToken);

    public ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken) =>
        _target.ReadAsync(offsetBytes, buffer, cancellationToken);

    public IAsyncEnumerable<Extent> GetExtentsAsync(CancellationToken cancellationToken) =>
        _target.GetExtentsAsync(cancellationToken);

    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _target.CompleteAsync(cancellationToken);
            await _target.DisposeAsync();
            // Closing the image writes the last of its metadata.
            await _server.StopAsync(cancellationToken);
            if (_newFile is not null)
            {
                await Task.Run(_newFile.Publish, CancellationToken.None);
            }
        }
        catch (QemuException exception)
        {
            throw TargetErrors.FromQemu(exception, Name);
        }
        catch (PosixException exception)
        {
            throw TargetErrors.WriteFailed(exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _target.DisposeAsync();
        await _server.DisposeAsync();
        _newFile?.Dispose();
    }

    private static async ValueTask<NewFile> CreateAsync(
        string path, ImageFormat format, TargetOptions options, CancellationToken cancellationToken)
    {
        NewFile newFile = NewFile.Create(path, options.Overwrite);
        try
        {
            await QemuImage.CreateAsync(newFile.TemporaryPath, format, options.SizeBytes, options.Preallocate, cancellationToken);
            if (format == ImageFormat.Vmdk)
            {
                VmdkDescriptor.RenameExtent(newFile.Handle, newFile.TemporaryPath, Path.GetFileName(path));
            }

            return newFile;
        }
        catch
        {
            newFile.Dispose();
            throw;
        }
    }

    private static async ValueTask RefuseOtherFilesAsync(string path, ImageFormat format, CancellationToken cancellationToken)
    {
        Sandbox sandbox = await Sandbox.ForReadingAsync(path, cancellationToken);
        IReadOnlyList<string> others = await QemuImage.GetOtherFilesAsync(path, format, sandbox, cancellationToken);
        if (others.Count > 0)
        {
            throw TargetErrors.Unavailable(
                $"'{path}' draws on other files, among them '{others[0]}'.", "Restore to a new file instead.");
        }
    }
}
