using System.Diagnostics;
using VProtect.Abstractions;
using VProtect.ChunkIndex;

namespace VProtect.IndexScale;

/// <summary>Adds all packs, from several threads; where the index grows on the way, one more thread looks up all along and tells the longest wait.</summary>
internal sealed class Building(Scale scale, FasterChunkIndex index)
{
    private long _next;
    private long _added;
    private long _longestAdd;
    private long _longestFind;
    private volatile bool _isDone;

    public void Run()
    {
        var report = Report.Start();
        if (scale.Reserves)
        {
            index.Reserve(scale.Entries);
        }

        Thread[] adders = [.. Enumerable.Range(0, scale.Adders).Select(_ => new Thread(Add))];
        var finder = new Thread(Find);
        Array.ForEach(adders, static thread => thread.Start());
        if (!scale.Reserves)
        {
            finder.Start();
        }

        Array.ForEach(adders, static thread => thread.Join());
        Report.Row("insert", report.Rate(scale.Entries));
        Report.Row("longest wait of an adder", $"{Stopwatch.GetElapsedTime(0, _longestAdd).TotalMilliseconds:f0} ms");
        _isDone = true;
        if (!scale.Reserves)
        {
            finder.Join();
            Report.Row("longest wait of a finder (256 ids)", $"{Stopwatch.GetElapsedTime(0, _longestFind).TotalMilliseconds:f0} ms");
        }
    }

    private void Add()
    {
        var batch = new PackEntry[Scale.EntriesPerPack];
        for (long pack = Interlocked.Increment(ref _next) - 1; pack < scale.Packs; pack = Interlocked.Increment(ref _next) - 1)
        {
            Scale.Fill(batch, pack);
            long begun = Stopwatch.GetTimestamp();
            index.AddPack(Scale.Pack(pack), batch);
            Longest(ref _longestAdd, begun);
            Interlocked.Increment(ref _added);
        }
    }

    private void Find()
    {
        using IChunkIndexSession session = index.OpenSession();
        var ids = new ChunkId[256];
        var locations = new ChunkLocation[256];
        bool[] found = new bool[256];
        for (long n = 0; !_isDone; n += ids.Length)
        {
            // All but the packs that are just being added.
            long known = (Interlocked.Read(ref _added) - (4 * scale.Adders)) * Scale.EntriesPerPack;
            if (known <= 0)
            {
                continue;
            }

            for (int i = 0; i < ids.Length; i++)
            {
                ids[i] = Scale.Id((long)(Scale.Mix((ulong)(n + i)) % (ulong)known));
            }

            long begun = Stopwatch.GetTimestamp();
            if (session.FindMany(ids, locations, found) != ids.Length)
            {
                throw new InvalidOperationException("A chunk that was added is not known.");
            }

            Longest(ref _longestFind, begun);
            Thread.Sleep(1);
        }
    }

    private static void Longest(ref long longest, long begun)
    {
        long elapsed = Stopwatch.GetTimestamp() - begun;
        for (long before = Interlocked.Read(ref longest); elapsed > before; before = Interlocked.Read(ref longest))
        {
            Interlocked.CompareExchange(ref longest, elapsed, before);
        }
    }
}
