using System.Buffers.Binary;
using VProtect.Abstractions;

namespace VProtect.ChunkIndex.Ledger;

/// <summary>Writes one commit into the ledger's log: items one after another, gathered into blocks by kind, ended by <see cref="End"/>.</summary>
internal sealed class LedgerLogWriter
{
    private const int BlockBytesMax = 256 << 10;

    private readonly IndexFile _file;
    private byte[] _buffer = new byte[4 << 10];
    private int _length;
    private int _head = -1;
    private LedgerBlockKind _kind;

    /// <summary>Begins at the end of a log; an empty file gets its head.</summary>
    public LedgerLogWriter(IndexFile file, long offset)
    {
        _file = file;
        OffsetBytes = offset;
        if (offset == 0)
        {
            LedgerBlock.WriteFileHead(_buffer);
            _length = LedgerBlock.HeadBytes;
        }
    }

    /// <summary>Where the next byte goes: the log's length after <see cref="End"/>.</summary>
    public long OffsetBytes { get; private set; }

    public void Table(uint fileNumber, int pages, long entries)
    {
        Span<byte> item = Item(LedgerBlockKind.Table, 16);
        BinaryPrimitives.WriteUInt32LittleEndian(item, fileNumber);
        BinaryPrimitives.WriteInt32LittleEndian(item[4..], pages);
        BinaryPrimitives.WriteInt64LittleEndian(item[8..], entries);
    }

    public void Page(ulong mapEntry) =>
        BinaryPrimitives.WriteUInt64LittleEndian(Item(LedgerBlockKind.Map, sizeof(ulong)), mapEntry);

    public void Count(ulong fingerprint, uint count)
    {
        Span<byte> item = Item(LedgerBlockKind.Counts, LedgerBlock.CountBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(item, fingerprint);
        BinaryPrimitives.WriteUInt32LittleEndian(item[8..], count);
    }

    public void Point(PackId point, ReadOnlySpan<ChunkId> roots)
    {
        Span<byte> item = Item(LedgerBlockKind.Points, PackId.LengthBytes + sizeof(int) + (roots.Length * ChunkId.LengthBytes));
        point.CopyTo(item);
        BinaryPrimitives.WriteInt32LittleEndian(item[PackId.LengthBytes..], roots.Length);
        for (int i = 0; i < roots.Length; i++)
        {
            roots[i].CopyTo(item[(PackId.LengthBytes + sizeof(int) + (i * ChunkId.LengthBytes))..]);
        }
    }

    public void Pack(PackId pack, in PackUse use)
    {
        Span<byte> item = Item(LedgerBlockKind.Packs, LedgerBlock.PackBytes);
        pack.CopyTo(item);
        BinaryPrimitives.WriteInt64LittleEndian(item[16..], use.SizeBytes);
        BinaryPrimitives.WriteInt64LittleEndian(item[24..], use.NeededBytes);
        item[32] = use.MustLook ? (byte)1 : (byte)0;
    }

    /// <summary>A point or a pack that is gone.</summary>
    public void Removed(LedgerBlockKind kind, PackId id) => id.CopyTo(Item(kind, PackId.LengthBytes));

    /// <summary>Ends the commit: all of it has been written, and counts once the file has been flushed.</summary>
    public void End()
    {
        Item(LedgerBlockKind.End, 0);
        Write();
    }

    private Span<byte> Item(LedgerBlockKind kind, int bytes)
    {
        if (_head < 0 || kind != _kind || _length - _head + bytes > BlockBytesMax)
        {
            Seal();
            if (_length >= BlockBytesMax)
            {
                Write();
            }

            Grow(LedgerBlock.HeadBytes);
            _head = _length;
            _kind = kind;
            _length += LedgerBlock.HeadBytes;
        }

        Grow(bytes);
        _length += bytes;
        return _buffer.AsSpan(_length - bytes, bytes);
    }

    private void Seal()
    {
        if (_head >= 0)
        {
            LedgerBlock.WriteHead(
                _buffer.AsSpan(_head), _kind, _buffer.AsSpan((_head + LedgerBlock.HeadBytes).._length));
            _head = -1;
        }
    }

    private void Write()
    {
        Seal();
        _file.Write(_buffer.AsSpan(0, _length), OffsetBytes);
        OffsetBytes += _length;
        _length = 0;
    }

    private void Grow(int bytes)
    {
        if (_length + bytes > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_length + bytes, _buffer.Length * 2));
        }
    }
}
