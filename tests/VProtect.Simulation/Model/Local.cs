using System.Buffers.Binary;

namespace VProtect.Simulation.Model;

/// <summary>What one process has in its memory: a window on its bytes of a <see cref="World"/>.</summary>
internal readonly ref struct Local(Span<byte> bytes)
{
    private readonly Span<byte> _bytes = bytes;

    /// <summary>The step it takes next; 0 is its first.</summary>
    public ref byte Next => ref _bytes[0];

    public ref byte IsDead => ref _bytes[1];

    /// <summary>The generation it goes by.</summary>
    public ref byte Generation => ref _bytes[2];

    /// <summary>Where it stands in a loop over slots, points or generations.</summary>
    public ref byte Slot => ref _bytes[3];

    public ref byte At => ref _bytes[4];

    /// <summary>Whether the writer builds upon its parent; whether the collector has its own lease.</summary>
    public ref byte Uses => ref _bytes[5];

    /// <summary>The oldest generation with an open lease; 0 none yet, else plus one.</summary>
    public ref byte Oldest => ref _bytes[6];

    public ref byte Forgotten => ref _bytes[7];

    public ref byte Pins => ref _bytes[8];

    /// <summary>Points to be looked for by key.</summary>
    public ref byte Points => ref _bytes[9];

    /// <summary>Points it has counted; stays from run to run.</summary>
    public ref byte Counted => ref _bytes[10];

    public ref byte Runs => ref _bytes[11];

    /// <summary>Holds seen in a listing (a flaw).</summary>
    public ref byte Holds => ref _bytes[12];

    /// <summary>Chunks it will write into a pack.</summary>
    public ref byte Chunks => ref _bytes[13];

    public Span<byte> OldestOf => _bytes.Slice(14, World.LagMax + 1);

    /// <summary>The condemned packs of the state it goes by: generation of condemnation, and in the high half that of removal.</summary>
    public Span<byte> Condemned => _bytes.Slice(18, World.PackCount);

    /// <summary>Packs its index holds; stays from run to run.</summary>
    public int Index
    {
        get => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[30..]);
        set => BinaryPrimitives.WriteUInt16LittleEndian(_bytes[30..], (ushort)value);
    }

    /// <summary>Packs listed before leases were read.</summary>
    public int Listed
    {
        get => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[32..]);
        set => BinaryPrimitives.WriteUInt16LittleEndian(_bytes[32..], (ushort)value);
    }

    /// <summary>Packs to be swept; for a writer, those it relies upon.</summary>
    public int Packs
    {
        get => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[34..]);
        set => BinaryPrimitives.WriteUInt16LittleEndian(_bytes[34..], (ushort)value);
    }

    /// <summary>Packs it has emptied by rewriting.</summary>
    public int Emptied
    {
        get => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[36..]);
        set => BinaryPrimitives.WriteUInt16LittleEndian(_bytes[36..], (ushort)value);
    }

    /// <summary>Packs that nothing needs.</summary>
    public int Unneeded
    {
        get => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[38..]);
        set => BinaryPrimitives.WriteUInt16LittleEndian(_bytes[38..], (ushort)value);
    }

    /// <summary>The next state, as it will be written.</summary>
    public Span<byte> NextCondemned => _bytes.Slice(40, World.PackCount);

    /// <summary>Forgets everything but where it stands.</summary>
    public void Clear(int from = 2) => _bytes[from..].Clear();
}
