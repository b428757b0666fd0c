using System.Diagnostics;

namespace VProtect.Mover.Qemu;

/// <summary>Runs a program to its end within a sandbox.</summary>
internal static class QemuTool
{
    // Making or describing an image takes milliseconds; a share that hangs must not hang us.
    private static readonly TimeSpan TimeMax = TimeSpan.FromMinutes(2);

    /// <returns>Exit code (126 and 127: it could not be started), standard output and standard error.</returns>
    /// <exception cref="QemuException">setpriv is missing, or the program did not end in time and was killed.</exception>
    internal static async Task<(int ExitCode, string Output, string Error)> RunAsync(
        Sandbox sandbox, IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        using Process process = await ChildProcess.StartAsync(sandbox, command);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(TimeMax);
        try
        {
            Task<string> error = process.StandardError.ReadToEndAsync(timeout.Token);
            string output = await process.StandardOutput.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
            return (process.ExitCode, output, await error);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new QemuException(
                $"{command[0]} did not end within {TimeMax.TotalSeconds:0} s.", "Check the disk or share the image lies on.");
        }
        finally
        {
            process.Kill();
        }
    }
}
