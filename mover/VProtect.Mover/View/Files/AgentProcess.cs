using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using VProtect.Abstractions;
using VProtect.Mover.Posix;
using VProtect.Mover.Qemu;
using VProtect.Mover.View.Fuse;
using VProtect.Nbd.Server;

namespace VProtect.Mover.View.Files;

/// <summary>A user-mode Linux with the agent in it. It is killed with us.</summary>
internal sealed class AgentProcess : IAsyncDisposable
{
    private const int ErrorCharsMax = 2000;

    private readonly DirectoryInfo _directory;
    private readonly DiskFiles _disks;
    private readonly ScratchFile _scratch;
    private readonly Process _process;
    private readonly StringBuilder _error = new();

    private AgentProcess(DirectoryInfo directory, DiskFiles disks, ScratchFile scratch, Process process, TimeProvider time)
    {
        (_directory, _disks, _scratch, _process) = (directory, disks, scratch, process);
        process.ErrorDataReceived += (_, line) => KeepError(line.Data);
        process.BeginErrorReadLine();
        Line = new AgentLine(process.StandardInput.BaseStream, process.StandardOutput.BaseStream, time);
    }

    /// <summary>To speak to it; used by one at a time.</summary>
    internal AgentLine Line { get; }

    /// <summary>Begins to start it: it is there when it has greeted.</summary>
    /// <param name="disks">Read; what it writes to them it alone reads, until it ends.</param>
    /// <param name="memoryMiB">Memory of the user-mode Linux.</param>
    /// <param name="log">What fails.</param>
    /// <param name="time">For limits.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="VProtectException">It may not be started here.</exception>
    internal static async Task<AgentProcess> StartAsync(
        IReadOnlyList<INbdExport> disks, int memoryMiB, ILogger log, TimeProvider time, CancellationToken cancellationToken)
    {
        if (Libc.GetEffectiveUserId() != 0)
        {
            throw new VProtectException(
                ErrorCode.GuestFilesRefused, ErrorSide.Request, "Browsing files needs an appliance that runs as root: it gives the parsers of guests' file systems a user and a root directory of their own.",
                "Start the appliance as root, or mount the disks over NBD.");
        }

        int userId = RandomNumberGenerator.GetInt32(Sandbox.UserIdMin, Sandbox.UserIdMax + 1);
        DirectoryInfo directory = Directory.CreateTempSubdirectory("vprotect-files-");
        DiskFiles? files = null;
        ScratchFile? scratch = null;
        try
        {
            foreach (string name in (string[])["init.sh", "agent.pl", "jail.sh", "uml.so"])
            {
                using Stream content = typeof(AgentProcess).Assembly.GetManifestResourceStream($"VProtect.Mover.Files.{name}")!;
                using FileStream file = File.Create(Path.Join(directory.FullName, name));
                await content.CopyToAsync(file, cancellationToken);
            }

            scratch = new ScratchFile(Path.GetTempPath());
            files = DiskFiles.Mount(directory.CreateSubdirectory("disks").FullName, [.. disks.Select(disk => new ScratchDisk(disk, scratch))], userId, log);
            string number = userId.ToString(CultureInfo.InvariantCulture);
            var info = new ProcessStartInfo(
                "setpriv",
                [
                    "--pdeathsig", "KILL", "--", "unshare", "--mount", "--net", "--ipc", "--uts", "--pid", "--fork", "--kill-child=KILL", "--",
                    "sh", Path.Join(directory.FullName, "jail.sh"), directory.FullName, number,
                    memoryMiB.ToString(CultureInfo.InvariantCulture), disks.Count.ToString(CultureInfo.InvariantCulture),
                ])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            return new AgentProcess(directory, files, scratch, await ChildProcess.StartAsync(info), time);
        }
        catch (Exception exception) when (exception is PosixException or Win32Exception)
        {
            await RemoveAsync(files, scratch, directory);
            throw new VProtectException(
                ErrorCode.GuestFilesRefused, ErrorSide.Request, $"Browsing files is not possible on this node: {exception.Message}",
                "It needs /dev/fuse and the right to mount; in a container both must be given.", inner: exception);
        }
        catch
        {
            await RemoveAsync(files, scratch, directory);
            throw;
        }
    }

    /// <summary>It has greeted, so it has opened all it needs: nothing of it stays where others could see it, whoever is killed.</summary>
    internal void Settle()
    {
        _disks.Hide();
        _directory.Delete(recursive: true);
    }

    /// <summary>What the programs around it said.</summary>
    internal string TakeError()
    {
        lock (_error)
        {
            return GuestPath.Show(Encoding.UTF8.GetBytes(_error.ToString().Trim()));
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        await RemoveAsync(_disks, _scratch, _directory);
    }

    private static async Task RemoveAsync(DiskFiles? files, ScratchFile? scratch, DirectoryInfo directory)
    {
        if (files is not null)
        {
            await files.DisposeAsync();
        }

        scratch?.Dispose();
        directory.Refresh();
        if (directory.Exists)
        {
            directory.Delete(recursive: true);
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
}
