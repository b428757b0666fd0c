using System.Collections.Concurrent;
using System.Numerics;

namespace VProtect.Nbd.Server;

/// <summary>Buffers for payloads, in powers of two. Keeps a bounded number of bytes for reuse, whatever clients have once asked for.</summary>
internal sealed class PayloadPool(long keptBytesMax)
{
    private const int SmallestBits = 12;
    private readonly ConcurrentBag<byte[]>[] _buckets = [.. Enumerable.Range(0, 14).Select(_ => new ConcurrentBag<byte[]>())]; // 4 KiB … 32 MiB
    private long _keptBytes;

    public byte[] Rent(int bytes)
    {
        int bucket = BucketOf(bytes);
        if (_buckets[bucket].TryTake(out byte[]? buffer))
        {
            Interlocked.Add(ref _keptBytes, -buffer.Length);
            return buffer;
        }

        return GC.AllocateUninitializedArray<byte>(1 << (bucket + SmallestBits));
    }

    public void Return(byte[] buffer)
    {
        if (Interlocked.Add(ref _keptBytes, buffer.Length) <= keptBytesMax)
        {
            _buckets[BucketOf(buffer.Length)].Add(buffer);
        }
        else
        {
            Interlocked.Add(ref _keptBytes, -buffer.Length);
        }
    }

    private static int BucketOf(int bytes) => Math.Max(0, 32 - BitOperations.LeadingZeroCount((uint)(bytes - 1)) - SmallestBits);
}
