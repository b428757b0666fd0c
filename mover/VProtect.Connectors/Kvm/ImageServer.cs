using VProtect.Abstractions;
using VProtect.Connectors.Kvm.Hosts;
using VProtect.Connectors.Kvm.Rbd;

namespace VProtect.Connectors.Kvm;

/// <summary>
/// A <c>qemu-nbd</c> on the host for one image of a machine that is off. It holds QEMU's lock on the image, so that the machine cannot be started meanwhile, and
/// ends with us however we end.
/// </summary>
internal sealed class ImageServer : IAsyncDisposable
{
    // Opening an image reads its metadata: seconds on a slow share.
    private const int StartSecondsMax = 60;

    private readonly KvmHost _host;
    private readonly HostProcess _process;
    private readonly string _socketPath;
    private ReachedSocket? _reached;

    private ImageServer(KvmHost host, HostProcess process, string socketPath)
    {
        _host = host;
        _process = process;
        _socketPath = socketPath;
    }

    /// <summary>Where this node reads and writes the image.</summary>
    internal string Address => $"nbd+unix:///?socket={Uri.EscapeDataString(_reached!.Path)}";

    /// <summary>Starts it and waits until it listens.</summary>
    /// <param name="host">The host.</param>
    /// <param name="socketPath">Its socket on the host; removed afterwards.</param>
    /// <param name="imagePath">The image.</param>
    /// <param name="format">Its format, never guessed.</param>
    /// <param name="options">Further arguments of qemu-nbd.</param>
    /// <param name="cancellationToken">Stops waiting, and the server.</param>
    internal static Task<ImageServer> StartAsync(
        KvmHost host, string socketPath, string imagePath, string format, IReadOnlyList<string> options, CancellationToken cancellationToken) =>
        StartAsync(host, socketPath, imagePath, ["--format", format, .. options, imagePath], cancellationToken);

    /// <summary>Starts it for an image in a Ceph cluster.</summary>
    /// <param name="host">The host.</param>
    /// <param name="socketPath">Its socket on the host; removed afterwards.</param>
    /// <param name="tool">Of the image.</param>
    /// <param name="snapshot">A snapshot of it, to read; null: the image, to write.</param>
    /// <param name="options">Further arguments of qemu-nbd.</param>
    /// <param name="cancellationToken">Stops waiting, and the server.</param>
    internal static async Task<ImageServer> StartAsync(
        KvmHost host, string socketPath, RbdTool tool, string? snapshot, IReadOnlyList<string> options, CancellationToken cancellationToken)
    {
        string keyPath = socketPath + ".key";
        try
        {
            bool hasKey = await tool.TryWriteKeyAsync(keyPath, cancellationToken);
            string[] key = hasKey ? ["--object", $"secret,id=key,format=base64,file={keyPath.Replace(",", ",,", StringComparison.Ordinal)}"] : [];
            return await StartAsync(
                host, socketPath, tool.Image.Name, [.. key, .. options, "--image-opts", tool.Image.ToImageOptions(snapshot, hasKey ? "key" : null)], cancellationToken);
        }
        finally
        {
            // Read when the server has started; what is left of it after a lost connection is found by its name.
            await host.RemoveAsync([keyPath], CancellationToken.None);
        }
    }

    private static async Task<ImageServer> StartAsync(
        KvmHost host, string socketPath, string imageName, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        HostProcess process = host.StartAttended(["qemu-nbd", "--persistent", "--shared=16", "--socket", socketPath, .. arguments]);
        var server = new ImageServer(host, process, socketPath);
        try
        {
            Task<CommandResult> listening = host.RunAsync(
                ["sh", "-c", $"i=0; while [ $i -lt {StartSecondsMax * 20} ]; do [ -S \"$1\" ] && exit 0; i=$((i+1)); sleep 0.05; done; exit 1", "sh", socketPath],
                cancellationToken);
            Task ended = process.WaitAsync(cancellationToken);
            await Task.WhenAny(listening, ended);
            cancellationToken.ThrowIfCancellationRequested();
            if (!listening.IsCompletedSuccessfully || (await listening).ExitCode != 0)
            {
                string why = process.HasExited ? await process.GetErrorAsync(cancellationToken) : "it does not answer";
                throw Errors.Of(
                    ErrorCode.PlatformFailed,
                    $"qemu-nbd on the host could not open '{imageName}': {why}",
                    "If another program uses the image, wait for it; otherwise check the image with 'qemu-img check'.",
                    RetryAdvice.Later);
            }

            server._reached = await host.ReachAsync(socketPath, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends it in order, so that it closes an image it wrote.</summary>
    /// <exception cref="VProtectException">It did not end well.</exception>
    internal async Task StopAsync(CancellationToken cancellationToken)
    {
        if (await _process.StopAsync(cancellationToken) is { } fault)
        {
            throw Errors.Of(
                ErrorCode.PlatformFailed, $"qemu-nbd on the host failed while it closed the image: {fault}", "Check the host's storage and its free space.", RetryAdvice.Later);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_reached is not null)
        {
            await _reached.DisposeAsync();
        }

        await _process.DisposeAsync();
        try
        {
            await _host.RemoveAsync([_socketPath], CancellationToken.None);
        }
        catch (VProtectException)
        {
            // The host is not reached; the next clean-up finds it by its name.
        }
    }
}
