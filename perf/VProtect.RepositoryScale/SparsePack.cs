using VProtect.Abstractions;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;

namespace VProtect.RepositoryScale;

/// <summary>
/// Writes data packs of which header, table of contents and trailer are real, and the records are holes of a sparse file: everything that
/// reads metadata finds what it would find. Not made durable.
/// </summary>
internal sealed class SparsePack(Repository repository, string root)
{
    /// <summary>What a chunk of 64 KiB takes; files of machines compress to about this.</summary>
    public const int PayloadBytes = 40_000;

    private readonly List<PackFooterEntry> _entries = [];
    private long _lengthBytes = PackFormat.HeaderBytes;

    public int PackCount { get; private set; }

    public void Add(in ChunkId id)
    {
        // What a store's own check would compare; nobody reads the record.
        var record = new RecordHeader((UInt128)id.Prefix64, ChunkCodec.Zstd, (uint)repository.ChunkBytes, PayloadBytes, id);
        _entries.Add(new PackFooterEntry(checked((uint)_lengthBytes), record));
        _lengthBytes += record.RecordBytes;
        if (_lengthBytes >= repository.PackBytes)
        {
            Seal();
        }
    }

    /// <summary>Ends the pack that is open, if any, as the end of a backup does.</summary>
    public void Seal()
    {
        if (_entries.Count == 0)
        {
            return;
        }

        var header = new PackHeader(
            PackKind.Data, repository.Keys.Sealing, repository.Keys.CurrentEpoch, repository.Uuid, PackId.NewRandom(), Generation: 0);
        byte[] footer = PackFooter.Encode(
            header, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_entries), _lengthBytes, repository.Keys.MacKey.Span);
        Span<byte> head = stackalloc byte[PackFormat.HeaderBytes];
        header.CopyTo(head);
        string path = Path.Combine(root, PackFormat.Key(header.Pack));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using (Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write))
        {
            RandomAccess.Write(file, head, 0);
            RandomAccess.Write(file, footer, _lengthBytes);
        }

        PackCount++;
        _entries.Clear();
        _lengthBytes = PackFormat.HeaderBytes;
    }
}
