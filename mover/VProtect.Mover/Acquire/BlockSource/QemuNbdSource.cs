using VProtect.Abstractions;
using VProtect.Mover.Posix;
using VProtect.Mover.Qemu;

namespace VProtect.Mover.Acquire.BlockSource;

/// <summary>A disk image that QEMU knows to read, through a <c>qemu-nbd</c> of our own with the least rights that suffice.</summary>
internal sealed class QemuNbdSource : IBlockSource
{
    private readonly QemuNbdServer _server;
    private readonly NbdSource _source;

    private QemuNbdSource(QemuNbdServer server, NbdSource source)
    {
        _server = server;
        _source = source;
    }

    public string Name => _source.Name;

    public long? SizeBytes => _source.SizeBytes;

    public bool IsSequential => false;

    public int ReadsInFlightMax => _source.ReadsInFlightMax;

    internal int ServerProcessId => _server.ProcessId;

    /// <exception cref="VProtectException">QEMU cannot open it, or it draws on other files and may not.</exception>
    internal static async ValueTask<QemuNbdSource> OpenAsync(
        string path, ImageFormat format, SourceOptions options, CancellationToken cancellationToken)
    {
        QemuNbdServer? server = null;
        try
        {
            Sandbox sandbox = await Sandbox.ForReadingAsync(path, cancellationToken);
            if (!options.AllowsOtherFiles)
            {
                await RefuseOtherFilesAsync(path, format, sandbox, cancellationToken);
            }

            server = await QemuNbdServer.StartAsync(
                path, format, isWritable: false, options.ConnectionsMax, sandbox, cancellationToken);
            NbdSource source = await NbdSource.OpenAsync(
                server.Uri, $"{path} ({ImageFormats.ToDriver(format)})", options with { Bitmap = null }, cancellationToken);
            return new QemuNbdSource(server, source);
        }
        catch (Exception exception)
        {
            if (server is not null)
            {
                await server.DisposeAsync();
            }

            throw exception switch
            {
                QemuException cause => SourceErrors.Unavailable($"'{path}' cannot be opened: {cause.Message}", cause.Guidance, cause),
                PosixException cause => SourceErrors.OpenFailed(cause),
                _ => exception,
            };
        }
    }

    public IAsyncEnumerable<Extent> GetExtentsAsync(CancellationToken cancellationToken) =>
        _source.GetExtentsAsync(cancellationToken);

    public ValueTask<ChangedBlocks> GetChangedBlocksAsync(ParentDisk parent, CancellationToken cancellationToken) =>
        ValueTask.FromResult<ChangedBlocks>(new ChangedBlocks.MustFull("image files keep no record of what changed"));

    public ValueTask<int> ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken) =>
        _source.ReadAsync(offsetBytes, buffer, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await _server.DisposeAsync();
    }

    private static async Task RefuseOtherFilesAsync(
        string path, ImageFormat format, Sandbox sandbox, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> others = await QemuImage.GetOtherFilesAsync(path, format, sandbox, cancellationToken);
        if (others.Count > 0)
        {
            throw SourceErrors.Unavailable(
                $"'{path}' draws on other files, among them '{others[0]}'.",
                "If you trust whoever made the image, allow other files; otherwise flatten it with 'qemu-img convert'.");
        }
    }
}
