using System.Diagnostics;
using VProtect.ChunkIndex.Ledger;

namespace VProtect.RepositoryScale;

/// <summary>The reference ledger alone: filled from nothing, opened again, changed a little, looked up.</summary>
internal static class LedgerScale
{
    private const int Changes = 200_000;

    public static async Task<int> RunAsync(long counts, string directory)
    {
        var options = new ReferenceLedgerOptions { Directory = directory };
        long start = Stopwatch.GetTimestamp();
        await using (ReferenceLedger ledger = ReferenceLedger.Open(options))
        {
            if (ledger.StartedEmptyBecause is null)
            {
                await ledger.ClearAsync(CancellationToken.None);
            }

            for (long n = 0; n < counts; n++)
            {
                ledger.Add(Ids.Chunk(n), 1);
            }

            Report.Took($"{counts:n0} new counts", start);
            start = Stopwatch.GetTimestamp();
            await ledger.CommitAsync(CancellationToken.None);
            Report.Took("commit", start);
        }

        long bytes = Directory.GetFiles(directory, "ledger*").Sum(static file => new FileInfo(file).Length);
        Report.Row("on disk", $"{bytes >> 20} MiB, {(double)bytes / counts:f1} B/count");
        start = Stopwatch.GetTimestamp();
        await using (ReferenceLedger ledger = ReferenceLedger.Open(options))
        {
            Report.Took("open again", start);
            for (int round = 1; round <= 3; round++)
            {
                start = Stopwatch.GetTimestamp();
                for (int i = 0; i < Changes; i++)
                {
                    long n = (long)(Ids.Mix((ulong)((round * Changes) + i)) % (ulong)counts);
                    ledger.Add(Ids.Chunk(n), 1);
                }

                await ledger.CommitAsync(CancellationToken.None);
                Report.Took($"{Changes:n0} changes anywhere, with commit", start);
            }

            start = Stopwatch.GetTimestamp();
            long sum = 0;
            for (int i = 0; i < Changes; i++)
            {
                sum += ledger.CountOf(Ids.Chunk((long)(Ids.Mix((ulong)i) % (ulong)counts)));
            }

            Report.Took($"{Changes:n0} counts looked up (sum {sum})", start);
        }

        Report.PeakMemory();
        return 0;
    }
}
