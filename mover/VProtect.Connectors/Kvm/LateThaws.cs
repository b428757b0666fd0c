using System.Collections.Concurrent;

namespace VProtect.Connectors.Kvm;

/// <summary>
/// Thaws that an agent did not answer: sent again every few seconds until it does, the machine is off, or ten minutes are over. Disposing waits
/// for them half a minute at most.
/// </summary>
internal sealed class LateThaws(LibvirtSession session) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan TimeMax = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan DisposeTimeMax = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, Task> _running = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();

    internal void Add(string machineUuid) => _running.GetOrAdd(machineUuid, uuid => Task.Run(() => ThawAsync(uuid)));

    public async ValueTask DisposeAsync()
    {
        Task all = Task.WhenAll(_running.Values);
        await Task.WhenAny(all, Task.Delay(DisposeTimeMax));
        await _stop.CancelAsync();
        await all;
        _stop.Dispose();
    }

    private async Task ThawAsync(string machineUuid)
    {
        long until = Environment.TickCount64 + (long)TimeMax.TotalMilliseconds;
        while (!_stop.IsCancellationRequested && Environment.TickCount64 < until
            && await GuestFreeze.TryThawAsync(session, machineUuid) is not null)
        {
            await Task.Delay(Pause, _stop.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
        }

        _running.TryRemove(machineUuid, out _);
    }
}
