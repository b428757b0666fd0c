using System.Runtime.InteropServices;
using VProtect.Appliance.Serve;

namespace VProtect.Appliance.Cli;

/// <summary>Ctrl-C and SIGTERM: the first cancels, so that the work ends cleanly; the second ends the process as the system does.</summary>
internal sealed class Interruption : IDisposable
{
    /// <summary>For removing the lease and temporary files, on a slow share too.</summary>
    private static readonly TimeSpan VerbGrace = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _source = new();
    private readonly TaskCompletionSource _overdue = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] _registrations;
    private readonly TimeSpan _grace;

    /// <param name="args">As typed: a server has more to end than other verbs.</param>
    public Interruption(string[] args)
    {
        _grace = args is [ServeVerb.Name, ..] ? ServeTimes.Process : VerbGrace;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal),
        ];
    }

    public CancellationToken Token => _source.Token;

    /// <summary>Completes when an interrupted work has had its time to end cleanly.</summary>
    public Task Overdue => _overdue.Task;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = !_source.IsCancellationRequested;
        _source.Cancel();
        _ = Task.Delay(_grace).ContinueWith(_ => _overdue.TrySetResult(), TaskScheduler.Default);
    }
}
