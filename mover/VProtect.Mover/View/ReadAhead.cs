namespace VProtect.Mover.View;

/// <summary>
/// Finds sequential readers among the reads of a disk, several at once and in spite of reads that overtake each other, and says what
/// to have ready for them. Begins after the second read in a row; the window doubles as long as the reader follows.
/// </summary>
internal sealed class ReadAhead(int windowBytesMax)
{
    private const int StreamsMax = 8;
    private const int WindowBytesMin = 256 << 10;

    /// <summary>How far from its place a read may begin and still belong to a reader: clients have several in flight.</summary>
    private const long SlackBytes = 2 << 20;

    private readonly Lock _gate = new();
    private readonly Reader[] _readers = [.. Enumerable.Range(0, StreamsMax).Select(_ => new Reader())];
    private long _reads;

    /// <summary>Takes note of a read.</summary>
    /// <returns>Whether it belongs to a sequential reader, and the range to have ready, which is empty mostly.</returns>
    public (bool IsSequential, long FromBytes, long ToBytes) Note(long offsetBytes, int lengthBytes)
    {
        if (windowBytesMax == 0)
        {
            return default;
        }

        lock (_gate)
        {
            _reads++;
            long end = offsetBytes + lengthBytes;
            Reader oldest = _readers[0];
            foreach (Reader reader in _readers)
            {
                if (reader.LastRead > 0 && Math.Abs(offsetBytes - reader.NextBytes) <= SlackBytes && end > reader.NextBytes - SlackBytes)
                {
                    return Follow(reader, offsetBytes, end);
                }

                oldest = reader.LastRead < oldest.LastRead ? reader : oldest;
            }

            oldest.Begin(end, _reads);
            return default;
        }
    }

    private (bool IsSequential, long FromBytes, long ToBytes) Follow(Reader reader, long offset, long end)
    {
        reader.LastRead = _reads;
        if (end <= reader.NextBytes)
        {
            // Behind its place: overtaken, or somebody who stays where he is.
            return (reader.InARow >= 2, 0, 0);
        }

        bool isNext = offset <= reader.NextBytes + (SlackBytes / 4);
        reader.InARow = isNext ? reader.InARow + 1 : 0;
        reader.NextBytes = end;
        if (reader.InARow < 2)
        {
            return default;
        }

        if (end + (reader.WindowBytes / 2) <= reader.AheadToBytes)
        {
            return (true, 0, 0);
        }

        long from = Math.Max(reader.AheadToBytes, end);
        reader.AheadToBytes = end + reader.WindowBytes;
        reader.WindowBytes = Math.Min(windowBytesMax, reader.WindowBytes * 2);
        return (true, from, reader.AheadToBytes);
    }

    private sealed class Reader
    {
        public long NextBytes { get; set; }

        public long AheadToBytes { get; set; }

        public int WindowBytes { get; set; } = WindowBytesMin;

        public int InARow { get; set; }

        public long LastRead { get; set; }

        public void Begin(long nextBytes, long read) =>
            (NextBytes, AheadToBytes, WindowBytes, InARow, LastRead) = (nextBytes, 0, WindowBytesMin, 0, read);
    }
}
