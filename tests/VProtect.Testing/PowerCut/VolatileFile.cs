namespace VProtect.Testing.PowerCut;

/// <summary>
/// A file as two contents: what readers see, and what a disk holds for certain. Between them lie the changes since the last
/// fsync, in order; a power cut keeps any of them, or parts of them.
/// </summary>
internal sealed class VolatileFile : VolatileNode
{
    /// <summary>What a disk writes whole or not at all.</summary>
    private const int SectorBytes = 512;

    private readonly List<Change> _pending = [];
    private readonly Content _durable = new();
    private readonly Content _now = new();

    public long LengthBytes => _now.LengthBytes;

    /// <summary>What lies at a place, as readers see it; fewer bytes at the end.</summary>
    public ReadOnlySpan<byte> Read(long offsetBytes, int lengthBytes) => _now.Read(offsetBytes, lengthBytes);

    public void Write(long offsetBytes, ReadOnlySpan<byte> data) => Apply(new Change(offsetBytes, data.ToArray(), LengthBytes: 0));

    public void SetLength(long lengthBytes) => Apply(new Change(0, null, lengthBytes));

    public override void Flush()
    {
        _pending.ForEach(change => change.ApplyTo(_durable));
        _pending.Clear();
    }

    /// <summary>What a disk may hold after a power cut.</summary>
    public VolatileFile Survivor(ulong number, Survival survival, Random random)
    {
        var survivor = new VolatileFile { Number = number, Mode = Mode };
        Content content = survivor._durable;
        content.Write(0, _durable.Read(0, (int)_durable.LengthBytes));
        int kept = survival.Count(_pending.Count, random);
        for (int i = 0; i < kept; i++)
        {
            if (survival == Survival.Parts || (survival == Survival.Beginning && i == kept - 1))
            {
                Tear(_pending[i], content, random);
            }
            else
            {
                _pending[i].ApplyTo(content);
            }
        }

        survivor._now.Write(0, content.Read(0, (int)content.LengthBytes));
        return survivor;
    }

    private void Apply(Change change)
    {
        _pending.Add(change);
        change.ApplyTo(_now);
    }

    /// <summary>Each sector of a write reached the disk, or did not; a change of length did, or did not.</summary>
    private static void Tear(Change change, Content content, Random random)
    {
        if (change.Data is not { } data)
        {
            if (random.Next(2) == 0)
            {
                change.ApplyTo(content);
            }

            return;
        }

        for (int done = 0; done < data.Length;)
        {
            long at = change.OffsetBytes + done;
            int length = (int)Math.Min(data.Length - done, SectorBytes - (at % SectorBytes));
            if (random.Next(2) == 0)
            {
                content.Write(at, data.AsSpan(done, length));
            }

            done += length;
        }
    }

    /// <summary>A write, or without data a new length.</summary>
    private sealed record Change(long OffsetBytes, byte[]? Data, long LengthBytes)
    {
        public void ApplyTo(Content content)
        {
            if (Data is null)
            {
                content.SetLength(LengthBytes);
            }
            else
            {
                content.Write(OffsetBytes, Data);
            }
        }
    }

    private sealed class Content
    {
        private byte[] _bytes = [];

        public long LengthBytes { get; private set; }

        public ReadOnlySpan<byte> Read(long offsetBytes, int lengthBytes) => offsetBytes >= LengthBytes
            ? default
            : _bytes.AsSpan((int)offsetBytes, (int)Math.Min(lengthBytes, LengthBytes - offsetBytes));

        public void Write(long offsetBytes, ReadOnlySpan<byte> data)
        {
            if (offsetBytes + data.Length > LengthBytes)
            {
                SetLength(offsetBytes + data.Length);
            }

            data.CopyTo(_bytes.AsSpan((int)offsetBytes));
        }

        public void SetLength(long lengthBytes)
        {
            if (lengthBytes > _bytes.Length)
            {
                Array.Resize(ref _bytes, checked((int)Math.Max(lengthBytes, 2L * _bytes.Length)));
            }
            else if (lengthBytes < LengthBytes)
            {
                _bytes.AsSpan((int)lengthBytes, (int)(LengthBytes - lengthBytes)).Clear();
            }

            LengthBytes = lengthBytes;
        }
    }
}
