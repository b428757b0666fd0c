using System.Diagnostics;
using System.Globalization;
using VProtect.Abstractions;

namespace VProtect.Connectors.Kvm.Hosts;

/// <summary>
/// The host beside its libvirtd: commands, files and sockets. The same commands run on this node and over ssh, so there is one way of doing
/// things; over TLS there is none, and what needs it is refused.
/// </summary>
internal abstract class KvmHost : IAsyncDisposable
{
    private const int OutputCharsMax = 32 << 20;

    private static readonly TimeSpan CommandTimeMax = TimeSpan.FromMinutes(2);

    /// <summary>Ends with the child, or when our end of its input is closed: by us, by our death, or by a broken connection.</summary>
    private const string Attended =
        "exec 3<&0; \"$@\" </dev/null 3<&- & c=$!; ( cat <&3; kill \"$c\" ) >/dev/null 2>&1 & w=$!; exec 3<&-; wait \"$c\"; r=$?; kill \"$w\" 2>/dev/null; exit \"$r\"";

    /// <summary>Whether paths of the host are paths of this node.</summary>
    internal abstract bool IsLocal { get; }

    /// <summary>Whether commands can be run at all.</summary>
    internal virtual bool HasCommands => true;

    internal static KvmHost Of(KvmOptions options, SshIdentity? identity) => options.Transport switch
    {
        KvmTransport.Local => new LocalHost(),
        KvmTransport.Ssh => new SshHost(options, identity!),
        _ => new LibvirtOnlyHost(),
    };

    /// <summary>A path on this node that leads to a unix socket of the host, until disposed.</summary>
    internal abstract Task<ReachedSocket> ReachAsync(string socketPath, CancellationToken cancellationToken);

    /// <summary>How host and node see each other.</summary>
    internal virtual Task<Contract.BootReach> FindReachAsync(CancellationToken cancellationToken) => Task.FromResult(new Contract.BootReach("127.0.0.1", HostAddress: null));

    /// <summary>Runs a command to its end.</summary>
    /// <exception cref="VProtectException">It could not be started, or did not end in time.</exception>
    internal virtual Task<CommandResult> RunAsync(IReadOnlyList<string> command, CancellationToken cancellationToken, byte[]? input = null) =>
        RunAsync(command[0], ToProcess(command), input, cancellationToken);

    /// <summary>Starts a command that ends with us.</summary>
    internal HostProcess StartAttended(IReadOnlyList<string> command) => new(command[0], Start(ToProcess(["sh", "-c", Attended, "sh", .. command])));

    /// <summary>Runs a command that must succeed.</summary>
    /// <returns>Standard output.</returns>
    internal async Task<string> MustRunAsync(string doing, IReadOnlyList<string> command, CancellationToken cancellationToken, byte[]? input = null)
    {
        CommandResult result = await RunAsync(command, cancellationToken, input);
        return result.ExitCode == 0
            ? result.Text
            : throw Errors.Of(
                ErrorCode.PlatformFailed, $"{doing} failed: {result.Error}", "Check the host's storage and its permissions.", RetryAdvice.Later);
    }

    /// <summary>Free space where a path is, in bytes; null when it cannot be told.</summary>
    internal virtual async Task<long?> GetFreeSpaceAsync(string directory, CancellationToken cancellationToken)
    {
        CommandResult result = await RunAsync(["df", "-B1", "--output=avail", "--", directory], cancellationToken);
        string last = result.Text.Trim().Split('\n')[^1].Trim();
        return result.ExitCode == 0 && long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out long free) ? free : null;
    }

    /// <summary>Names in a directory that begin with our mark; none when it cannot be read.</summary>
    internal async Task<IReadOnlyList<string>> ListMarkedAsync(string directory, CancellationToken cancellationToken)
    {
        if (!HasCommands)
        {
            return [];
        }

        CommandResult result = await RunAsync(
            ["find", directory, "-maxdepth", "1", "-name", Contract.TaskMark.Prefix + "*", "-printf", "%f\\0"], cancellationToken);
        return result.Text.Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Removes files; those that are not there are no failure.</summary>
    /// <returns>Why not, or null.</returns>
    internal async Task<string?> RemoveAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        if (paths.Count == 0 || !HasCommands)
        {
            return null;
        }

        CommandResult result = await RunAsync(["rm", "-f", "--", .. paths], cancellationToken);
        return result.ExitCode == 0 ? null : result.Error;
    }

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>A process that runs a command on the host, all three streams redirected.</summary>
    protected abstract ProcessStartInfo ToProcess(IReadOnlyList<string> command);

    /// <summary>Runs a process to its end, as <see cref="RunAsync(IReadOnlyList{string}, CancellationToken, byte[])"/>.</summary>
    protected static async Task<CommandResult> RunAsync(string program, ProcessStartInfo info, byte[]? input, CancellationToken cancellationToken)
    {
        using Process process = Start(info);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(CommandTimeMax);
        try
        {
            Task<string> error = process.StandardError.ReadToEndAsync(timeout.Token);
            Task<byte[]> output = ReadAsync(process.StandardOutput.BaseStream, timeout.Token);
            try
            {
                await process.StandardInput.BaseStream.WriteAsync(input ?? [], timeout.Token);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It ended without reading; its exit code tells why.
            }

            byte[] bytes = await output;
            await process.WaitForExitAsync(timeout.Token);
            return new CommandResult(process.ExitCode, bytes, (await error).Trim());
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Errors.Of(
                ErrorCode.PlatformUnavailable,
                $"'{program}' on the host did not end within {CommandTimeMax.TotalSeconds:0} s.",
                "Check the host's storage and the connection to it.",
                RetryAdvice.Later);
        }
        finally
        {
            process.Kill();
        }
    }

    private static Process Start(ProcessStartInfo info)
    {
        info.RedirectStandardInput = true;
        info.RedirectStandardOutput = true;
        info.RedirectStandardError = true;
        info.Environment["LC_ALL"] = "C";
        try
        {
            return Programs.Start(info);
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw Errors.Of(
                ErrorCode.NotSupported, $"'{info.FileName}' cannot be started.", "Install the Debian packages qemu-utils and openssh-client.", inner: exception);
        }
    }

    private static async Task<byte[]> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        byte[] buffer = new byte[64 << 10];
        int count;
        while ((count = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (bytes.Length + count > OutputCharsMax)
            {
                throw Errors.Of(ErrorCode.PlatformFailed, "A command on the host wrote more than 32 MiB.", "Report this with the host's version of QEMU.");
            }

            bytes.Write(buffer, 0, count);
        }

        return bytes.ToArray();
    }
}

/// <summary>How a command ended.</summary>
internal sealed record CommandResult(int ExitCode, byte[] Output, string Error)
{
    internal string Text => System.Text.Encoding.UTF8.GetString(Output);
}

/// <summary>A path on this node that leads to a socket of the host.</summary>
internal sealed class ReachedSocket(string path, Func<ValueTask>? release = null) : IAsyncDisposable
{
    internal string Path { get; } = path;

    public ValueTask DisposeAsync() => release?.Invoke() ?? ValueTask.CompletedTask;
}
