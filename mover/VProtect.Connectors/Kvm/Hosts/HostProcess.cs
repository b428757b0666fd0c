using System.Diagnostics;
using System.Text;

namespace VProtect.Connectors.Kvm.Hosts;

/// <summary>A program on the host that runs for as long as we hold its input open.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private const int ErrorCharsMax = 4096;

    private static readonly TimeSpan StopTimeMax = TimeSpan.FromSeconds(60);

    private readonly string _program;
    private readonly Process _process;
    private readonly StringBuilder _error = new();

    internal HostProcess(string program, Process process)
    {
        _program = program;
        _process = process;
        process.ErrorDataReceived += (_, line) => KeepError(line.Data);
        process.BeginErrorReadLine();
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
    }

    internal bool HasExited => _process.HasExited;

    /// <summary>Completes when it has ended.</summary>
    internal Task WaitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    /// <summary>Lets it end in order and waits for it.</summary>
    /// <returns>What went wrong, or null.</returns>
    internal async Task<string?> StopAsync(CancellationToken cancellationToken)
    {
        CloseInput();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(StopTimeMax);
        try
        {
            await _process.WaitForExitAsync(timeout.Token);
            return _process.ExitCode == 0 ? null : TakeError();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"{_program} did not end within {StopTimeMax.TotalSeconds:0} s";
        }
    }

    /// <summary>What it said, after it ended.</summary>
    internal async Task<string> GetErrorAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return TakeError();
    }

    public async ValueTask DisposeAsync()
    {
        CloseInput();
        using var timeout = new CancellationTokenSource(StopTimeMax);
        try
        {
            await _process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private void CloseInput()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended already.
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
            string text = _error.ToString().Trim();
            return text.Length > 0 ? text : $"{_program} failed without saying why";
        }
    }
}
