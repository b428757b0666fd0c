using VProtect.Abstractions;

namespace VProtect.Testing;

/// <summary>
/// A store at the far end of a network, that counts what it is asked for at once. It can hold reads back until so many are under way: who would not ask for as many at
/// once waits in vain, and fails after a minute.
/// </summary>
public sealed class GatheringStore(IObjectStore inner) : StoreDecorator(inner)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _gathered = new();
    private int _wanted;
    private int _bytesMin;
    private int _now;
    private int _nowMax;
    private int _reads;
    private long _bytes;

    public override StoreProperties Properties => Inner.Properties with { Distance = StoreDistance.Service };

    /// <summary>Reads under way at once, at most, of those that count.</summary>
    public int NowMax => Volatile.Read(ref _nowMax);

    /// <summary>Reads that count.</summary>
    public int Reads => Volatile.Read(ref _reads);

    /// <summary>Bytes of all reads.</summary>
    public long ReadBytes => Volatile.Read(ref _bytes);

    /// <summary>Holds reads back from now on until so many are under way, then none any more.</summary>
    /// <param name="count">How many; 0 holds none back.</param>
    /// <param name="bytesMin">Reads of fewer bytes neither count nor wait.</param>
    public void Gather(int count, int bytesMin)
    {
        lock (_gate)
        {
            (_wanted, _bytesMin, _nowMax, _reads, _bytes) = (count, bytesMin, 0, 0, 0);
            _gathered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (count == 0)
            {
                _gathered.SetResult();
            }
        }
    }

    public override async ValueTask<int> ReadAsync(string key, long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        Interlocked.Add(ref _bytes, buffer.Length);
        if (buffer.Length < _bytesMin || !key.StartsWith("packs/", StringComparison.Ordinal))
        {
            return await Inner.ReadAsync(key, offsetBytes, buffer, cancellationToken);
        }

        Task gathered;
        lock (_gate)
        {
            _reads++;
            _nowMax = Math.Max(_nowMax, ++_now);
            if (_now >= _wanted)
            {
                _gathered.TrySetResult();
            }

            gathered = _gathered.Task;
        }

        try
        {
            await gathered.WaitAsync(TimeSpan.FromMinutes(1), cancellationToken);
            return await Inner.ReadAsync(key, offsetBytes, buffer, cancellationToken);
        }
        finally
        {
            lock (_gate)
            {
                _now--;
            }
        }
    }
}
