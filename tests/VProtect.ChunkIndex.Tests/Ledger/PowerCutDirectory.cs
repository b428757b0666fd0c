using VProtect.ChunkIndex.Ledger;

namespace VProtect.ChunkIndex.Tests.Ledger;

/// <summary>
/// A disk that remembers what has been flushed. After the Nth change the power is cut: everything is refused, and
/// <see cref="WriteWhatIsLeft"/> shows what a disk might hold then: what was flushed, and of the rest some sectors and some first names.
/// </summary>
internal sealed class PowerCutDirectory(string path, int failing) : LedgerDirectory(path)
{
    private const int SectorBytes = 512;

    private readonly Dictionary<string, Content> _names = [];
    private readonly Dictionary<string, Content> _durableNames = [];
    private readonly List<Action<Dictionary<string, Content>>> _unflushed = [];
    private int _changes;

    public override IndexFile Open(string path)
    {
        if (!_names.TryGetValue(path, out Content? content))
        {
            var made = new Content();
            content = made;
            Change(names => names[path] = made);
        }

        return new TrackedFile(path, this, content);
    }

    public override void Replace(string path, string target)
    {
        Count();
        base.Replace(path, target);
        Change(names =>
        {
            if (names.Remove(path, out Content? content))
            {
                names[target] = content;
            }
        });
    }

    public override void Delete(string path)
    {
        if (File.Exists(path))
        {
            Count();
            base.Delete(path);
            Change(names => names.Remove(path));
        }
    }

    public override void FlushNames()
    {
        Count();
        foreach (Action<Dictionary<string, Content>> change in _unflushed)
        {
            change(_durableNames);
        }

        _unflushed.Clear();
    }

    public void WriteWhatIsLeft(string target, Random random)
    {
        foreach (Action<Dictionary<string, Content>> change in _unflushed.Take(random.Next(_unflushed.Count + 1)))
        {
            change(_durableNames);
        }

        foreach ((string path, Content content) in _durableNames)
        {
            File.WriteAllBytes(Path.Combine(target, Path.GetFileName(path)), content.AfterPowerCut(random));
        }
    }

    private void Change(Action<Dictionary<string, Content>> change)
    {
        change(_names);
        _unflushed.Add(change);
    }

    private void Count()
    {
        if (++_changes > failing)
        {
            throw new IOException("Power cut");
        }
    }

    /// <summary>A file's bytes as of its last flush, and what has been done since.</summary>
    private sealed class Content
    {
        private readonly List<(long Offset, byte[]? Bytes)> _pending = [];
        private byte[] _durable = [];

        public void Write(ReadOnlySpan<byte> source, long offset)
        {
            for (int at = 0; at < source.Length; at += SectorBytes)
            {
                _pending.Add((offset + at, source[at..Math.Min(source.Length, at + SectorBytes)].ToArray()));
            }
        }

        public void SetLength(long lengthBytes) => _pending.Add((lengthBytes, null));

        public void Flush()
        {
            foreach ((long offset, byte[]? bytes) in _pending)
            {
                Apply(offset, bytes);
            }

            _pending.Clear();
        }

        /// <summary>All of what was not flushed, a first part of it, or any sectors of it.</summary>
        public byte[] AfterPowerCut(Random random)
        {
            int kind = random.Next(3);
            int first = random.Next(_pending.Count + 1);
            for (int i = 0; i < _pending.Count; i++)
            {
                if (kind == 0 || (kind == 1 && i < first) || (kind == 2 && random.Next(2) == 0))
                {
                    Apply(_pending[i].Offset, _pending[i].Bytes);
                }
            }

            return _durable;
        }

        private void Apply(long offset, byte[]? bytes)
        {
            if (bytes is null)
            {
                Array.Resize(ref _durable, (int)offset);
                return;
            }

            if (_durable.Length < offset + bytes.Length)
            {
                Array.Resize(ref _durable, (int)offset + bytes.Length);
            }

            bytes.CopyTo(_durable, offset);
        }
    }

    private sealed class TrackedFile(string path, PowerCutDirectory disk, Content content) : IndexFile(path)
    {
        public override void Write(ReadOnlySpan<byte> source, long offset)
        {
            disk.Count();
            base.Write(source, offset);
            content.Write(source, offset);
        }

        public override void Flush()
        {
            disk.Count();
            content.Flush();
        }

        public override void SetLength(long lengthBytes)
        {
            disk.Count();
            base.SetLength(lengthBytes);
            content.SetLength(lengthBytes);
        }
    }
}
