using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;

namespace VProtect.EndToEnd.Tests;

/// <summary>The real program, running. Nothing of it is left after disposal.</summary>
internal sealed partial class VprotectProcess : IDisposable
{
    public const int SigInt = 2;
    public const int SigKill = 9;

    /// <summary>Far more than anything here takes on a busy machine: who waits longer hangs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Lock _gate = new();
    private readonly Process _process;
    private readonly Task<byte[]> _output;
    private readonly Task<string> _error;
    private bool _isDisposed;

    /// <param name="command">Program and arguments; normally <see cref="Binary"/> comes first.</param>
    /// <param name="environment">Variables set on top of the test's own.</param>
    /// <param name="input">What it reads from standard input.</param>
    public VprotectProcess(IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment, byte[]? input = null)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        _output = ReadAllAsync(_process.StandardOutput.BaseStream);
        _error = _process.StandardError.ReadToEndAsync();
        try
        {
            _process.StandardInput.BaseStream.Write(input ?? []);
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading everything; its exit code tells.
        }
    }

    /// <summary>The program under test: <c>VPROTECT_BINARY</c>, or the one that was built with the tests.</summary>
    public static string Binary { get; } = FindBinary();

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Sends a signal, if it is still there; from any thread.</summary>
    public void Signal(int signal)
    {
        lock (_gate)
        {
            if (!_isDisposed && !_process.HasExited)
            {
                _ = Kill(_process.Id, signal);
            }
        }
    }

    /// <summary>Waits for its end.</summary>
    public Answer Wait()
    {
        if (!_process.WaitForExit(Patience))
        {
            _process.Kill(entireProcessTree: true);
            throw new TimeoutException($"vprotect hangs: {_error.Result}");
        }

        return new Answer(_process.ExitCode, _output.Result, _error.Result);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        lock (_gate)
        {
            _isDisposed = true;
            _process.Dispose();
        }
    }

    private static async Task<byte[]> ReadAllAsync(Stream stream)
    {
        var memory = new MemoryStream();
        await stream.CopyToAsync(memory);
        return memory.ToArray();
    }

    private static string FindBinary()
    {
        if (Environment.GetEnvironmentVariable("VPROTECT_BINARY") is { Length: > 0 } named)
        {
            return Path.GetFullPath(named);
        }

        // artifacts/bin/VProtect.EndToEnd.Tests/debug/ → artifacts/bin/VProtect.Appliance/debug/
        string here = Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location)!;
        return Path.GetFullPath(Path.Join(here, "../../VProtect.Appliance", Path.GetFileName(here), "vprotect"));
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
