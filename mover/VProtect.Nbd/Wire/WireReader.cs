using System.Runtime.CompilerServices;

namespace VProtect.Nbd.Wire;

/// <summary>Reads message heads through a small buffer and lets payloads pass beside it. Used by one loop only.
/// <para>Small on purpose: whatever a receive for a head brings along of a payload has to be copied; the rest of the
/// payload is received straight into its destination.</para></summary>
internal sealed class WireReader(WireStream stream)
{
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(8192);
    private int _start;
    private int _end;

    public WireStream Stream => stream;

    /// <summary>The most that can be asked of <see cref="FillAsync"/>.</summary>
    public int CapacityBytes => _buffer.Length;

    /// <summary>Received and not yet consumed.</summary>
    public ReadOnlySpan<byte> Buffered => _buffer.AsSpan(_start, _end - _start);

    public void Advance(int count)
    {
        System.Diagnostics.Debug.Assert(count <= _end - _start, "consumed more than received");
        _start += count;
    }

    /// <summary>Makes at least <paramref name="count"/> bytes <see cref="Buffered"/>; false if the peer ended before.
    /// An end with nothing buffered is a clean one.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> FillAsync(int count, CancellationToken ct)
    {
        if (_end - _start >= count)
        {
            return true;
        }

        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_start + count > _buffer.Length)
        {
            Buffered.CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        while (_end - _start < count)
        {
            int received = await stream.ReadAsync(_buffer.AsMemory(_end), ct);
            if (received == 0)
            {
                return false;
            }

            _end += received;
        }

        return true;
    }
}
