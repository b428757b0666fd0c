using VProtect.Abstractions;

namespace VProtect.IndexScale;

/// <summary>Lookups on one thread; every answer is checked.</summary>
internal static class Finding
{
    public static void One(string what, IChunkIndexSession session, int count, Func<long, long> pick, bool expected)
    {
        var report = Report.Start();
        for (int n = 0; n < count; n++)
        {
            if (session.TryFind(Scale.Id(pick(n)), out _) != expected)
            {
                throw new InvalidOperationException($"{what}: wrong answer for {pick(n)}");
            }
        }

        Report.Row(what, report.Rate(count));
    }

    public static void Many(string what, IChunkIndexSession session, int count, Func<long, long> pick, bool expected)
    {
        var ids = new ChunkId[256];
        var locations = new ChunkLocation[256];
        bool[] found = new bool[256];
        var report = Report.Start();
        for (int n = 0; n < count; n += ids.Length)
        {
            for (int i = 0; i < ids.Length; i++)
            {
                ids[i] = Scale.Id(pick(n + i));
            }

            if (session.FindMany(ids, locations, found) != (expected ? ids.Length : 0))
            {
                throw new InvalidOperationException($"{what}: wrong answer");
            }
        }

        Report.Row(what, report.Rate(count));
    }
}
