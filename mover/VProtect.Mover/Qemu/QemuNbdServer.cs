using System.Diagnostics;
using System.Globalization;
using System.Text;
using VProtect.Mover.Posix;
using VProtect.Nbd;

namespace VProtect.Mover.Qemu;

/// <summary>
/// A <c>qemu-nbd</c> of our own for one image, on a unix socket in a directory only we and it can enter. Killed and
/// cleaned up on disposal, and by the kernel when we die.
/// </summary>
internal sealed class QemuNbdServer : IAsyncDisposable
{
    private const int ErrorCharsMax = 4096;
    private const int SignalTerminate = 15;

    // Opening an image reads its metadata: seconds on a slow share.
    private static readonly TimeSpan StartTimeMax = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly SocketDirectory _directory;
    private readonly StringBuilder _error = new();

    private QemuNbdServer(Process process, SocketDirectory directory)
    {
        _process = process;
        _directory = directory;
        process.ErrorDataReceived += (_, line) => KeepError(line.Data);
        process.BeginErrorReadLine();
    }

    /// <summary>Where it listens.</summary>
    internal NbdUri Uri => NbdUri.Unix(_directory.SocketPath);

    /// <summary>The process, for tests that look what became of it.</summary>
    internal int ProcessId => _process.Id;

    /// <summary>Starts it and waits until it listens.</summary>
    /// <param name="path">The image, absolute.</param>
    /// <param name="format">Its format; never left to QEMU to guess.</param>
    /// <param name="isWritable">Whether it may be written.</param>
    /// <param name="connectionsMax">Connections it accepts at a time.</param>
    /// <param name="sandbox">What it may do.</param>
    /// <param name="cancellationToken">Stops waiting, and the server.</param>
    /// <exception cref="QemuException">It does not start, or cannot open the image; the message is its own.</exception>
    internal static async Task<QemuNbdServer> StartAsync(
        string path, ImageFormat format, bool isWritable, int connectionsMax, Sandbox sandbox, CancellationToken cancellationToken)
    {
        SocketDirectory directory = SocketDirectory.Create(sandbox.UserId);
        QemuNbdServer? server = null;
        try
        {
            Process process = await ChildProcess.StartAsync(
                sandbox,
                [
                    "qemu-nbd", "--persistent", "--shared", connectionsMax.ToString(CultureInfo.InvariantCulture),
                    "--socket", directory.SocketPath, "--format", ImageFormats.ToDriver(format),
                    isWritable ? "--discard=unmap" : "--read-only", path,
                ]);
            server = new QemuNbdServer(process, directory);
            await server.WaitUntilListeningAsync(cancellationToken);
            return server;
        }
        catch
        {
            if (server is null)
            {
                directory.Dispose();
            }
            else
            {
                await server.DisposeAsync();
            }

            throw;
        }
    }

    /// <summary>Ends it in order, so that it closes an image it wrote.</summary>
    /// <exception cref="QemuException">It did not end well.</exception>
    internal async Task StopAsync(CancellationToken cancellationToken)
    {
        _ = Libc.Kill(_process.Id, SignalTerminate);
        await _process.WaitForExitAsync(cancellationToken);
        if (_process.ExitCode != 0)
        {
            throw new QemuException($"qemu-nbd failed while it closed the image: {TakeError()}", "Check the disk and its free space.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _directory.Dispose();
    }

    private async Task WaitUntilListeningAsync(CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        while (!File.Exists(_directory.SocketPath))
        {
            if (_process.HasExited)
            {
                // Waits for the rest of its messages as well.
                await _process.WaitForExitAsync(cancellationToken);
                throw _process.ExitCode is 126 or 127
                    ? QemuException.Missing("qemu-nbd")
                    : new QemuException(
                        TakeError(),
                        "If a running machine uses the image, take the machine's NBD export; otherwise check it with 'qemu-img check'.");
            }

            if (Stopwatch.GetElapsedTime(started) > StartTimeMax)
            {
                throw new QemuException(
                    $"qemu-nbd did not open the image within {StartTimeMax.TotalSeconds:0} s.",
                    "Check the disk or share the image lies on.");
            }

            await Task.Delay(5, cancellationToken);
        }
    }

    private void KeepError(string? line)
    {
        lock (_error)
        {
            if (line is not null && _error.Length < ErrorCharsMax)
            {
                _error.Append(line).Append(' ');
            }
        }
    }

    private string TakeError()
    {
        lock (_error)
        {
            return _error.ToString().Trim();
        }
    }
}
