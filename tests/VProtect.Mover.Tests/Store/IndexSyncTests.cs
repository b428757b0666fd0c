using VProtect.Abstractions;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends.Faulty;
using VProtect.Mover.Store.Backends.Memory;

namespace VProtect.Mover.Tests.Store;

public sealed class IndexSyncTests
{
    [Fact]
    public async Task Pack_that_a_lagging_listing_leaves_out_stays_known_and_one_that_is_gone_does_not()
    {
        var memory = new MemoryStore();
        (FaultyStore store, Repository repository) = await OpenAsync(memory);
        await using Repository open = repository;
        await using var index = new MemoryChunkIndex();
        PackId there = await WritePackAsync(repository, new ChunkId(Bytes(1)));
        PackId gone = await WritePackAsync(repository, new ChunkId(Bytes(2)));
        await IndexSync.SynchronizeAsync(repository, index, progress: null, default);
        Assert.Equal(2, index.Packs.Count);
        await memory.DeleteAsync(PackFormat.Key(gone), default);

        store.ListingLagCalls = 1000;
        IndexSyncResult result = await IndexSync.SynchronizeAsync(repository, index, progress: null, default);

        Assert.Equal(1, result.Removed);
        Assert.Equal([there], index.Packs);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Chunk_in_no_pack_is_missing_for_good_only_where_listings_do_not_lag(bool lags)
    {
        (FaultyStore store, Repository repository) = await OpenAsync(new MemoryStore());
        await using Repository open = repository;
        await using var index = new MemoryChunkIndex();
        using var chunks = new ChunkStore(repository, index);
        store.ListingLagCalls = lags ? 1000 : 0;
        var id = new ChunkId(Bytes(1));
        await WritePackAsync(repository, new ChunkId(Bytes(2)));

        IntegrityException error = await Assert.ThrowsAsync<IntegrityException>(async () => await chunks.LocateAsync(id, default));

        Assert.Equal(ErrorCode.ObjectMissing, error.Code);
        Assert.Equal(lags ? RetryAdvice.Later : RetryAdvice.Never, error.Retry);
        Assert.Equal(lags, error.Guidance.Contains("lag", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Index_is_told_how_much_is_to_come_when_there_are_many_packs()
    {
        const int Packs = 200;
        (_, Repository repository) = await OpenAsync(new MemoryStore());
        await using Repository open = repository;
        await using var inner = new MemoryChunkIndex();
        for (int i = 0; i < Packs; i++)
        {
            await WritePackAsync(repository, new ChunkId(Bytes(i + 1)), new ChunkId(Bytes(Packs + i + 1)));
        }

        var index = new ReservedIndex(inner);
        IndexSyncResult result = await IndexSync.SynchronizeAsync(repository, index, progress: null, default);

        Assert.Equal(Packs, result.Added);
        Assert.Equal(2 * Packs, inner.EntryCount);
        Assert.InRange(index.Reserved, 2 * (Packs - 64) - 1, 2 * (Packs - 64));
    }

    private static async Task<(FaultyStore Store, Repository Repository)> OpenAsync(MemoryStore memory)
    {
        await Repository.InitAsync(memory, new RepositoryOptions { Encrypt = false }, [], TimeProvider.System, default);
        var store = new FaultyStore(memory, seed: 1);
        return (store, await Repository.OpenAsync(store, secret: null, TimeProvider.System, default));
    }

    private static async Task<PackId> WritePackAsync(Repository repository, params ChunkId[] ids)
    {
        await using PackWriter pack = await PackWriter.CreateAsync(
            repository.Store, repository.Uuid, repository.Keys, PackKind.Data, generation: 0, default);
        foreach (ChunkId id in ids)
        {
            await pack.AppendAsync(id, ChunkCodec.None, 3, new byte[] { 1, 2, 3 }, default);
        }

        await pack.SealAsync(default);
        return pack.Id;
    }

    private static byte[] Bytes(int n)
    {
        byte[] bytes = new byte[ChunkId.LengthBytes];
        BitConverter.TryWriteBytes(bytes, n);
        return bytes;
    }

    private sealed class ReservedIndex(IChunkIndex inner) : IChunkIndex
    {
        public long Reserved { get; private set; }

        public IReadOnlyCollection<PackId> Packs => inner.Packs;

        public long EntryCount => inner.EntryCount;

        public void Reserve(long entries) => Reserved += entries;

        public bool ContainsPack(PackId pack) => inner.ContainsPack(pack);

        public void AddPack(PackId pack, ReadOnlySpan<PackEntry> entries) => inner.AddPack(pack, entries);

        public void RemovePack(PackId pack) => inner.RemovePack(pack);

        public bool Quarantine(in ChunkId id, PackId pack) => inner.Quarantine(id, pack);

        public IChunkIndexSession OpenSession() => inner.OpenSession();

        public ValueTask CheckpointAsync(CancellationToken cancellationToken) => inner.CheckpointAsync(cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
