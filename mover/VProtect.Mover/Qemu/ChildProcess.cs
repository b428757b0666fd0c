using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using VProtect.Abstractions;

namespace VProtect.Mover.Qemu;

/// <summary>
/// Starts programs that the kernel kills when we die (PR_SET_PDEATHSIG, by setpriv). That signal comes when the <i>thread</i>
/// that started them ends, and threads of the pool do end: so one thread starts them all and lives as long as we do.
/// </summary>
internal static class ChildProcess
{
    private static readonly BlockingCollection<(ProcessStartInfo Info, TaskCompletionSource<Process> Started)> Requests =
        StartThread();

    /// <summary>Starts a program, within a sandbox, with no input; the caller reads both outputs and disposes.</summary>
    /// <exception cref="QemuException">There is no setpriv.</exception>
    internal static async Task<Process> StartAsync(Sandbox sandbox, IReadOnlyList<string> command)
    {
        var info = new ProcessStartInfo("setpriv", sandbox.ToArguments(command))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // What it says is shown to people and searched by them.
        info.Environment["LC_ALL"] = "C";
        try
        {
            Process process = await StartAsync(info);
            process.StandardInput.Close();
            return process;
        }
        catch (Win32Exception exception)
        {
            throw QemuException.Missing("setpriv", exception);
        }
    }

    /// <summary>Starts a program that asks to be killed with us itself: <c>setpriv --pdeathsig KILL</c>.</summary>
    /// <exception cref="Win32Exception">It is not there, or may not be started.</exception>
    internal static Task<Process> StartAsync(ProcessStartInfo info)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Requests.Add((info, started));
        return started.Task;
    }

    private static BlockingCollection<(ProcessStartInfo Info, TaskCompletionSource<Process> Started)> StartThread()
    {
        var requests = new BlockingCollection<(ProcessStartInfo Info, TaskCompletionSource<Process> Started)>();
        var thread = new Thread(() =>
        {
            foreach ((ProcessStartInfo info, TaskCompletionSource<Process> started) in requests.GetConsumingEnumerable())
            {
                try
                {
                    started.SetResult(Programs.Start(info));
                }
                catch (Win32Exception exception)
                {
                    started.SetException(exception);
                }
            }
        });
        thread.IsBackground = true;
        thread.Name = "child process starter";
        thread.Start();
        return requests;
    }
}
