using VProtect.Mover.View;

namespace VProtect.Mover.Tests.View;

public sealed class ReadAheadTests
{
    [Fact]
    public void A_reader_in_a_row_is_read_ahead_of_in_windows_that_grow()
    {
        var ahead = new ReadAhead(4 << 20);
        long readyTo = 0, most = 0;
        for (long at = 0; at < 64 << 20; at += 65_536)
        {
            (bool isSequential, long from, long to) = ahead.Note(at, 65_536);
            if (to > from)
            {
                Assert.True(readyTo == 0 || from >= readyTo);
                readyTo = to;
                most = Math.Max(most, to - at);
            }

            Assert.True(at < 3 * 65_536 || isSequential);
        }

        Assert.InRange(most, 4 << 20, (4 << 20) + 65_536);
    }

    [Fact]
    public void Random_reads_are_not()
    {
        var ahead = new ReadAhead(8 << 20);
        var random = new Random(3);
        int begun = 0;
        for (int i = 0; i < 1000; i++)
        {
            (_, long from, long to) = ahead.Note(random.NextInt64(1L << 40), 4096);
            begun += to > from ? 1 : 0;
        }

        Assert.Equal(0, begun);
    }

    [Fact]
    public void Readers_whose_reads_overtake_each_other_are_still_found_side_by_side()
    {
        var ahead = new ReadAhead(8 << 20);
        var random = new Random(4);
        long[] starts = [0, 1L << 33, 1L << 36];
        int begun = 0;
        for (int step = 0; step < 100; step += 4)
        {
            int[] order = [0, 1, 2, 3];
            random.Shuffle(order);
            foreach (long start in starts)
            {
                foreach (int i in order)
                {
                    (_, long from, long to) = ahead.Note(start + ((step + i) * 131_072L), 131_072);
                    begun += to > from ? 1 : 0;
                }
            }
        }

        Assert.True(begun >= 6);
    }
}
