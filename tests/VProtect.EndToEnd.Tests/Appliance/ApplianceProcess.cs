using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>The appliance, running as a process. Nothing of it is left after disposal.</summary>
internal sealed partial class ApplianceProcess : IDisposable
{
    /// <summary>The program with the fake platform added.</summary>
    public static readonly string Binary = FindBinary();

    private readonly Process _process;
    private readonly StringBuilder _said = new();
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="data">Its data directory.</param>
    /// <param name="program">The program as it is delivered, or null for the one with the fake platform added.</param>
    /// <param name="urls">Where it is to listen; a free port of the loopback by default.</param>
    /// <param name="role">Whether it has a node in it.</param>
    public ApplianceProcess(string data, string? program = null, string urls = "https://127.0.0.1:0", string role = "all")
    {
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(program ?? Binary, ["serve", "--data", data, "--urls", urls, "--role", role]) { RedirectStandardError = true },
        };
        _process.ErrorDataReceived += (_, line) => Hear(line.Data);
        _process.Start();
        _process.BeginErrorReadLine();
    }

    /// <summary>The first administrator's password, if this was the first start.</summary>
    public string? FirstPassword { get; private set; }

    public int Id => _process.Id;

    /// <summary>What it said on its console.</summary>
    public string Said
    {
        get
        {
            lock (_said)
            {
                return _said.ToString();
            }
        }
    }

    /// <summary>Where it listens, once it does.</summary>
    public async Task<Uri> ListensAsync()
    {
        Task ended = _process.WaitForExitAsync();
        return await Task.WhenAny(_address.Task, ended).WaitAsync(ApplianceSite.Patience) == ended
            ? throw new InvalidOperationException($"The appliance ended with {_process.ExitCode}:\n{Said}")
            : await _address.Task;
    }

    /// <summary>Ends it by a signal.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> EndAsync(int signal)
    {
        _ = Kill(_process.Id, signal);
        await _process.WaitForExitAsync().WaitAsync(ApplianceSite.Patience);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private static string FindBinary()
    {
        // artifacts/bin/VProtect.EndToEnd.Tests/debug/ → artifacts/bin/VProtect.TestAppliance/debug/
        string here = Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location)!;
        return Path.GetFullPath(Path.Join(here, "../../VProtect.TestAppliance", Path.GetFileName(here), "VProtect.TestAppliance"));
    }

    private void Hear(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_said)
        {
            _said.AppendLine(line);
        }

        if (line.Contains("one-time password:", StringComparison.Ordinal))
        {
            FirstPassword = line.Split(':')[^1].Trim();
        }
        else if (line.StartsWith("listening at", StringComparison.Ordinal))
        {
            _address.TrySetResult(new Uri(line["listening at".Length..].Trim()));
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
