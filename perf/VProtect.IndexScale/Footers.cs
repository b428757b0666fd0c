using VProtect.Abstractions;
using VProtect.ChunkIndex;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends.LocalFile;

namespace VProtect.IndexScale;

/// <summary>
/// The rebuild from footers: packs on the local disk whose footers are whole and sealed, and whose records are holes in the file; then an empty
/// index that learns them as any command does.
/// </summary>
internal static class Footers
{
    private const uint PayloadBytes = 40_000;

    public static async Task RunAsync(Scale scale, ChunkIndexOptions options)
    {
        string place = Path.Combine(scale.Directory, "repository");
        await using (LocalFileStore store = LocalFileStore.Open(place, create: true))
        {
            await Repository.InitAsync(store, new RepositoryOptions { Encrypt = false }, [], TimeProvider.System, default);
        }

        await using Repository repository = await Repository.OpenAsync(
            LocalFileStore.Open(place, create: false), secret: null, TimeProvider.System, default);
        Parallel.For(0, scale.Packs, pack => Write(repository, place, pack));
        await using FasterChunkIndex index = FasterChunkIndex.Open(options with { Directory = Path.Combine(scale.Directory, "index") });
        var report = Report.Start();
        IndexSyncResult result = await IndexSync.SynchronizeAsync(repository, index, progress: null, default);
        Report.Row("rebuild from footers", report.Rate(index.EntryCount));
        if (result.Damaged.Count > 0 || index.EntryCount != scale.Packs * Scale.EntriesPerPack)
        {
            throw new InvalidOperationException($"{index.EntryCount} entries, {result.Damaged.Count} damaged packs");
        }
    }

    private static void Write(Repository repository, string place, long number)
    {
        var header = new PackHeader(
            PackKind.Data, repository.Keys.Sealing, repository.Keys.CurrentEpoch, repository.Uuid, new PackId(SpreadOf(number)), Generation: 0);
        var entries = new PackFooterEntry[Scale.EntriesPerPack];
        long offset = PackFormat.HeaderBytes;
        for (int i = 0; i < entries.Length; i++)
        {
            var record = new RecordHeader(1, ChunkCodec.Zstd, 65_536, PayloadBytes, Scale.Id((number * entries.Length) + i));
            entries[i] = new PackFooterEntry((uint)offset, record);
            offset += record.RecordBytes;
        }

        byte[] footer = PackFooter.Encode(header, entries, offset, repository.Keys.MacKey.Span);
        byte[] first = new byte[PackFormat.HeaderBytes];
        header.CopyTo(first);
        string path = Path.Combine(place, PackFormat.Key(header.Pack));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using FileStream file = File.Create(path);
        file.Write(first);
        file.Position = offset;
        file.Write(footer);
    }

    // Ids spread over the folders, as drawn ones do.
    private static UInt128 SpreadOf(long number) => new(Scale.Mix((ulong)number), (ulong)number);
}
