using VProtect.Abstractions;
using VProtect.Mover.Reduce.Zstd;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;
using VProtect.Mover.Upkeep;

namespace VProtect.Mover.Tests.Seal.Packing;

/// <summary>Packs that were cut, moved, swapped or forged: never other data, never another exception, and nothing of others lost.</summary>
public sealed class DamagedPackTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_pack_cut_at_any_boundary_is_damage_to_warm_and_cold_readers_alike(bool encrypt)
    {
        await using TestRepository repository = await TestRepository.CreateAsync(encrypt);
        byte[] content = Noise(1, 60_000);
        RestorePoint point = await repository.BackUpAsync(content);
        foreach (string key in await repository.KeysAsync("packs/"))
        {
            byte[] original = await BytesAsync(repository, key);
            int footer = (int)PackFooter.LocateFooter(original.AsSpan(^PackFormat.TrailerBytes..), IdOf(key), original.Length);
            var cuts = new SortedSet<int> { 0, 1, 63, 64, 65, footer - 1, footer, footer + 1, original.Length - 129, original.Length - 128, original.Length - 1 };
            for (int at = footer; at < original.Length - PackFormat.TrailerBytes; at += PackFormat.EntryBytes)
            {
                RecordHeader.TryReadEntry(original.AsSpan(at), out RecordHeader record, out uint offset);
                cuts.UnionWith([(int)offset, (int)offset + 20, (int)offset + 64, (int)offset + 70, (int)(offset + record.RecordBytes) - 1, at]);
            }

            foreach (int cut in cuts)
            {
                await repository.TamperAsync(key, _ => original[..cut]);

                // This process knows where everything lay; the other learns it from what is there now.
                await AssertRestoresOrFailsAsync(repository, point, content);
                await using TestRepository cold = await repository.OpenAgainAsync();
                await Assert.ThrowsAsync<IntegrityException>(() => cold.RestoreAsync(point));
                VerifyResult result = await cold.VerifyAsync();
                Assert.Equal(point.Id, Assert.Single(result.Affected).Id);
                await repository.TamperAsync(key, _ => original);
            }
        }

        Assert.Equal(content, await repository.RestoreAsync(point));
    }

    [Fact]
    public async Task Packs_of_other_names_and_repositories_are_named_and_not_used()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        await using TestRepository foreign = await TestRepository.CreateAsync();
        byte[] content = Noise(1, 60_000);
        RestorePoint point = await repository.BackUpAsync(content);
        await foreign.BackUpAsync(content);
        string dropped = (await foreign.KeysAsync("packs/"))[0];
        await repository.Store.PutIfAbsentAsync(dropped, await BytesAsync(foreign, dropped), default);
        await using (TestRepository again = await repository.OpenAgainAsync())
        {
            Assert.Contains(dropped[^32..], Assert.Single((await again.VerifyAsync()).Faults), StringComparison.Ordinal);
            Assert.Equal(content, await again.RestoreAsync(point));
        }

        // Not needed by any point: it goes as any garbage.
        await repository.CollectAsync();
        await repository.CollectAsync();
        Assert.DoesNotContain(dropped, await repository.KeysAsync("packs/"));

        List<string> packs = await repository.KeysAsync("packs/");
        byte[] first = await BytesAsync(repository, packs[0]);
        byte[] second = await BytesAsync(repository, packs[1]);
        await repository.TamperAsync(packs[0], _ => second);
        await repository.TamperAsync(packs[1], _ => first);
        await using (TestRepository again = await repository.OpenAgainAsync())
        {
            Assert.Equal(point.Id, Assert.Single((await again.VerifyAsync()).Affected).Id);
            await Assert.ThrowsAsync<IntegrityException>(() => again.RestoreAsync(point));
        }

        await repository.TamperAsync(packs[0], _ => first);
        await repository.TamperAsync(packs[1], _ => second);
        await using TestRepository mended = await repository.OpenAgainAsync();
        Assert.Equal(content, await mended.RestoreAsync(point));
    }

    /// <summary>Its records are whole and can be salvaged: a collector must not take it for garbage because nobody can look into it.</summary>
    [Fact]
    public async Task A_pack_that_lost_its_table_of_contents_is_kept_while_anything_is_missing()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = Noise(1, 60_000);
        RestorePoint point = await repository.BackUpAsync(content);
        string key = await LargestAsync(repository);
        await repository.TamperAsync(key, bytes =>
        {
            bytes[^1] ^= 1;
            return bytes;
        });
        await using (TestRepository again = await repository.OpenAgainAsync())
        {
            for (int i = 0; i < 3; i++)
            {
                await again.CollectAsync();
            }

            Assert.Contains(key, await again.KeysAsync("packs/"));

            // Once a backup has written its chunks again, it is garbage.
            await again.BackUpAsync(content);
            Assert.Equal(content, await again.RestoreAsync(point));
            await again.CollectAsync();
            await again.CollectAsync();
            Assert.DoesNotContain(key, await again.KeysAsync("packs/"));
            Assert.True((await again.VerifyAsync()).IsSound);
        }
    }

    /// <summary>Without encryption anybody can forge a whole pack: lengths that lie are found before anything is sized by them.</summary>
    [Theory]
    [InlineData(16_384u, 16_384u, true)]
    [InlineData(16_384u, 16_401u, false)]
    [InlineData(1u << 20, (1u << 20) + 16, true)]
    [InlineData((1u << 20) + 1, 10u, false)]
    [InlineData(0u, 10u, false)]
    [InlineData(16_384u, 0u, false)]
    [InlineData(uint.MaxValue, uint.MaxValue, false)]
    public void Lengths_that_cannot_be_are_refused(uint rawBytes, uint payloadBytes, bool expected)
    {
        byte[] record = new byte[PackFormat.RecordHeaderBytes];
        new RecordHeader(1, ChunkCodec.None, rawBytes, payloadBytes, ChunkId.Zero).CopyTo(record);
        Assert.Equal(expected, RecordHeader.TryRead(record, out _));
    }

    [Theory]
    [InlineData(0, 64)]
    [InlineData(2, 64)]
    [InlineData(-1, 64)]
    [InlineData(int.MaxValue, 64)]
    [InlineData(1, 63)]
    [InlineData(1, -64)]
    [InlineData(1, long.MaxValue)]
    public void A_trailer_that_lies_about_its_entries_is_refused(int count, long footerOffset)
    {
        var pack = PackId.NewRandom();
        var header = new PackHeader(PackKind.Data, Sealing.Clear, 0, 1, pack, 0);
        var record = new RecordHeader(1, ChunkCodec.None, 100, 100, ChunkId.Zero);
        byte[] footer = PackFooter.Encode(header, [new PackFooterEntry(64, record)], 64 + record.RecordBytes, new byte[32]);
        long packBytes = 64 + record.RecordBytes + footer.Length;
        Span<byte> trailer = footer.AsSpan(^PackFormat.TrailerBytes..);
        Assert.Equal(64 + record.RecordBytes, PackFooter.LocateFooter(trailer, pack, packBytes));
        Assert.Equal(-1, PackFooter.LocateFooter(trailer, PackId.NewRandom(), packBytes));
        Assert.Equal(-1, PackFooter.LocateFooter(trailer, pack, packBytes + 1));
        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(trailer[8..], count);
        System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(trailer[16..], footerOffset);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(trailer[124..], PackFormat.Crc32C(trailer[..124]));
        Assert.Equal(-1, PackFooter.LocateFooter(trailer, pack, packBytes));
    }

    /// <summary>A frame of 1 MiB of zeros in a record that claims 16 KiB, whole in every hash: it is given room for 16 KiB and no more.</summary>
    [Fact]
    public async Task A_compressed_chunk_larger_than_it_claims_is_damage()
    {
        await using TestRepository repository = await TestRepository.CreateAsync(encrypt: false);
        using var compressor = new ZstdCompressor(1);
        byte[] bomb = new byte[1 << 20];
        bomb.AsSpan().Fill(7);
        byte[] frame = new byte[TestRepository.ChunkBytes];
        int length = compressor.Compress(bomb, frame);
        Assert.InRange(length, 1, TestRepository.ChunkBytes);
        ChunkId id = repository.Repository.Keys.ChunkIdOf(bomb);
        var header = new PackHeader(PackKind.Data, Sealing.Clear, 0, repository.Repository.Uuid, PackId.NewRandom(), 0);
        using var cipher = new PackCipher(repository.Repository.Keys, header);
        byte[] record = new byte[PackFormat.RecordHeaderBytes + length];
        cipher.Seal(record, 64, id, ChunkCodec.Zstd, TestRepository.ChunkBytes, frame.AsSpan(0, length));
        var location = new ChunkLocation(header.Pack, 64, (uint)length, TestRepository.ChunkBytes);
        byte[] plain = new byte[TestRepository.ChunkBytes + 1];
        Assert.Equal(
            "it does not decompress",
            repository.Chunks.TryOpen(cipher, PackKind.Data, id, location, record, new byte[length], plain.AsSpan(0, TestRepository.ChunkBytes)));
        Assert.Equal(0, plain[^1]);
    }

    private static async Task AssertRestoresOrFailsAsync(TestRepository repository, RestorePoint point, byte[] content)
    {
        try
        {
            Assert.Equal(content, await repository.RestoreAsync(point));
        }
        catch (IntegrityException)
        {
            // The other of the two outcomes that are allowed.
        }
    }

    private static PackId IdOf(string key) => PackFormat.TryParseKey(key, out PackId id) ? id : throw new InvalidOperationException(key);

    private static async Task<string> LargestAsync(TestRepository repository)
    {
        string largest = "";
        long size = 0;
        await foreach (ObjectInfo item in repository.Store.ListAsync("packs/", default))
        {
            (largest, size) = item.SizeBytes > size ? (item.Key, item.SizeBytes) : (largest, size);
        }

        return largest;
    }

    private static async Task<byte[]> BytesAsync(TestRepository repository, string key)
    {
        byte[] bytes = new byte[(await repository.Store.GetSizeAsync(key, default))!.Value];
        await repository.Store.ReadAsync(key, 0, bytes, default);
        return bytes;
    }

    private static byte[] Noise(int seed, int length)
    {
        byte[] content = new byte[length];
        new Random(seed).NextBytes(content);
        return content;
    }
}
