using VProtect.ChunkIndex.Ledger;

namespace VProtect.ChunkIndex.Tests.Ledger;

/// <summary>Refuses everything from the Nth change of the disk on; a refused write has written its first half.</summary>
internal sealed class FaultyDirectory(string path, int failing) : LedgerDirectory(path)
{
    private int _changes;

    public bool HasFailed => _changes > failing;

    public override IndexFile Open(string path) => new FaultyFile(path, this);

    public override void Replace(string path, string target)
    {
        Count();
        base.Replace(path, target);
    }

    public override void Delete(string path)
    {
        if (File.Exists(path))
        {
            Count();
            base.Delete(path);
        }
    }

    public override void FlushNames()
    {
        Count();
        base.FlushNames();
    }

    private void Count()
    {
        if (++_changes > failing)
        {
            throw new IOException("No space left on device");
        }
    }

    private sealed class FaultyFile(string path, FaultyDirectory disk) : IndexFile(path)
    {
        public override void Write(ReadOnlySpan<byte> source, long offset)
        {
            try
            {
                disk.Count();
            }
            catch (IOException) when (disk._changes == disk.FirstRefused)
            {
                base.Write(source[..(source.Length / 2)], offset);
                throw;
            }

            base.Write(source, offset);
        }

        public override void Flush()
        {
            disk.Count();
            base.Flush();
        }

        public override void SetLength(long lengthBytes)
        {
            disk.Count();
            base.SetLength(lengthBytes);
        }
    }

    private int FirstRefused => failing + 1;
}
