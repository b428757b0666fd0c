using System.Diagnostics;

namespace VProtect.EndToEnd.Tests;

/// <summary>A disk of noise served by nbdkit, with what its filters do to it.</summary>
internal sealed class NbdkitServer : IDisposable
{
    private readonly string _directory;
    private readonly Process _process;

    /// <param name="directory">Of its own.</param>
    /// <param name="filters">Beside the log, outermost first.</param>
    /// <param name="parameters">Of the filters.</param>
    public NbdkitServer(string directory, IEnumerable<string> filters, params string[] parameters)
    {
        _directory = Directory.CreateDirectory(directory).FullName;

        // Under a shell, because nbdkit 1.32 ends early when a test host is its parent. It says by a pid file that it listens.
        _process = Process.Start(
            "sh",
            [
                "-c", "nbdkit \"$@\"; exit $?", "sh", "--foreground", "-U", Socket, "-P", Path.Join(_directory, "pid"), "--filter=log",
                .. filters.Select(filter => "--filter=" + filter), "random", "size=32M", "seed=1", $"logfile={Log}", .. parameters,
            ]);
        WaitUntil(() => File.Exists(Path.Join(_directory, "pid")) && File.ReadAllText(Path.Join(_directory, "pid")).EndsWith('\n'));
    }

    public string Uri => $"nbd+unix:///?socket={Socket}";

    private string Socket => Path.Join(_directory, "socket");

    private string Log => Path.Join(_directory, "log");

    /// <summary>Waits until somebody reads.</summary>
    public void WaitForRead() => WaitUntil(() => File.Exists(Log) && File.ReadAllText(Log).Contains(" Read ", StringComparison.Ordinal));

    /// <summary>Stops answering, without closing a connection.</summary>
    public void Stall() => Tool.Run("kill", "-STOP", File.ReadAllText(Path.Join(_directory, "pid")).Trim());

    public void Kill()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }

    private void WaitUntil(Func<bool> condition)
    {
        for (int attempt = 0; !condition(); attempt++)
        {
            Assert.True(attempt < 6000 && !_process.HasExited, "nbdkit does not come to it.");
            Thread.Sleep(10);
        }
    }
}
