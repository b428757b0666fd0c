using System.Buffers.Binary;
using VProtect.Abstractions;

namespace VProtect.ChunkIndex.Ledger;

/// <summary>What a ledger's log says, taken in block by block.</summary>
internal sealed class LedgerState(PointTable points, Dictionary<PackId, PackUse> packs, Action<ulong, uint> onCount)
{
    private ulong[]? _map;
    private int _mapped;

    public uint FileNumber { get; private set; }

    public long Entries { get; private set; }

    /// <summary>Called with the map of the table as soon as it is complete, before any count.</summary>
    public required Func<LedgerState, ulong[], bool> OnTable { get; init; }

    /// <summary>What cannot be in it; null when all of it makes sense.</summary>
    public string? Fault { get; private set; }

    /// <summary>Whether there was a whole table.</summary>
    public bool IsComplete => _map is not null && _mapped == _map.Length && Fault is null;

    /// <summary>Takes a block whose checksum was right.</summary>
    public void Take(LedgerBlockKind kind, ReadOnlySpan<byte> body)
    {
        switch (kind)
        {
            case LedgerBlockKind.Table when _map is null && body.Length == 16:
                FileNumber = BinaryPrimitives.ReadUInt32LittleEndian(body);
                Entries = BinaryPrimitives.ReadInt64LittleEndian(body[8..]);
                int pages = BinaryPrimitives.ReadInt32LittleEndian(body[4..]);
                Require(pages is >= CountTable.PagesMin and <= CountTable.PagesMax);
                _map = Fault is null ? new ulong[pages] : [];
                break;
            case LedgerBlockKind.Map when _map is not null:
                for (; body.Length >= sizeof(ulong) && _mapped < _map.Length; body = body[sizeof(ulong)..])
                {
                    _map[_mapped++] = BinaryPrimitives.ReadUInt64LittleEndian(body);
                }

                Require(body.IsEmpty);
                if (IsComplete && !OnTable(this, _map))
                {
                    Fault = "its pages are cut short.";
                }

                break;
            case LedgerBlockKind.Counts when IsComplete:
                for (; body.Length >= LedgerBlock.CountBytes; body = body[LedgerBlock.CountBytes..])
                {
                    onCount(BinaryPrimitives.ReadUInt64LittleEndian(body), BinaryPrimitives.ReadUInt32LittleEndian(body[8..]));
                }

                break;
            case LedgerBlockKind.Points:
                TakePoints(body);
                break;
            case LedgerBlockKind.PointsRemoved:
                for (; body.Length >= PackId.LengthBytes; body = body[PackId.LengthBytes..])
                {
                    points.Remove(PackId.Read(body));
                }

                break;
            case LedgerBlockKind.Packs:
                for (; body.Length >= LedgerBlock.PackBytes; body = body[LedgerBlock.PackBytes..])
                {
                    packs[PackId.Read(body)] = new PackUse(
                        BinaryPrimitives.ReadInt64LittleEndian(body[16..]), BinaryPrimitives.ReadInt64LittleEndian(body[24..]), body[32] != 0);
                }

                break;
            case LedgerBlockKind.PacksRemoved:
                for (; body.Length >= PackId.LengthBytes; body = body[PackId.LengthBytes..])
                {
                    packs.Remove(PackId.Read(body));
                }

                break;
            case LedgerBlockKind.End:
                break;
            default:
                Require(false);
                break;
        }
    }

    private void TakePoints(ReadOnlySpan<byte> body)
    {
        const int HeadBytes = PackId.LengthBytes + sizeof(int);
        while (body.Length >= HeadBytes)
        {
            PackId point = PackId.Read(body);
            int count = BinaryPrimitives.ReadInt32LittleEndian(body[PackId.LengthBytes..]);
            body = body[HeadBytes..];
            if (count < 0 || count > body.Length / ChunkId.LengthBytes)
            {
                Require(false);
                return;
            }

            var roots = new ChunkId[count];
            for (int i = 0; i < count; i++, body = body[ChunkId.LengthBytes..])
            {
                roots[i] = new ChunkId(body);
            }

            points.Set(point, roots);
        }
    }

    private void Require(bool isTrue) => Fault ??= isTrue ? null : "its log is of another version.";
}
