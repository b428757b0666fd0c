using VProtect.Abstractions;
using VProtect.Mover.Store;
using VProtect.Mover.Upkeep;

namespace VProtect.Mover.Tests.Upkeep;

public sealed class VerifyPipelineTests
{
    /// <summary>
    /// Goal: no flipped bit anywhere in a repository goes unseen, none is ever returned as data. Method: for each object, flip one bit
    /// in each of many places, one at a time, verify and restore with a fresh index, then put it back.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Every_flipped_bit_is_found_and_never_returned_as_data(bool encrypt)
    {
        await using TestRepository repository = await TestRepository.CreateAsync(encrypt);
        var random = new Random(17);
        byte[] content = RandomDisk.Create(random, 700_000);
        RestorePoint point = await repository.BackUpAsync(content);
        int found = 0;

        // A lease and its end lead to no data: they are for collectors, which read them anew each time.
        foreach (string key in (await repository.KeysAsync("")).Where(key => key.Split('/')[0] is not ("leases" or "ended")))
        {
            long size = (await repository.Store.GetSizeAsync(key, default))!.Value;
            for (int i = 0; i < 12; i++)
            {
                // Ends are where structures are: half of the flips go there.
                long at = i % 4 == 0 ? random.NextInt64(Math.Min(size, 128)) : i % 4 == 1 ? size - 1 - random.NextInt64(Math.Min(size, 300)) : random.NextInt64(size);
                int bit = random.Next(8);
                byte[] original = [];
                await repository.TamperAsync(key, bytes =>
                {
                    original = [.. bytes];
                    bytes[at] ^= (byte)(1 << bit);
                    return bytes;
                });
                Assert.True(await IsNoticedAsync(repository, point, content), $"bit {bit} of byte {at} of {size} in {key}");
                found++;
                await repository.TamperAsync(key, _ => original);
                foreach (string mark in await repository.KeysAsync("bad/"))
                {
                    await repository.Store.DeleteAsync(mark, default);
                }
            }
        }

        Assert.True(found >= 12 * (encrypt ? 5 : 4));
    }

    [Fact]
    public async Task A_bad_chunk_is_quarantined_named_and_healed_by_the_next_backup()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = new byte[3 << 20];
        new Random(1).NextBytes(content);
        RestorePoint first = await repository.BackUpAsync(content);
        byte[] elsewhere = content[..(1 << 20)];
        RestorePoint untouched = await repository.BackUpAsync(elsewhere, "other");
        string pack = (await repository.KeysAsync("packs/")).MaxBy(key => repository.Store.GetSizeAsync(key, default).AsTask().Result)!;
        await repository.TamperAsync(pack, bytes =>
        {
            bytes[(2 << 20) + 5] ^= 4;
            return bytes;
        });

        VerifyResult result = await repository.VerifyAsync();
        DamagedChunk damaged = Assert.Single(result.DamagedChunks);
        Assert.Equal(first.Id, Assert.Single(result.Affected).Id);
        Assert.Equal(elsewhere, await repository.RestoreAsync(untouched));
        IntegrityException error = await Assert.ThrowsAsync<IntegrityException>(() => repository.RestoreAsync(first));
        Assert.Contains(damaged.Id.ToString()[..16], error.Message, StringComparison.Ordinal);

        // Another process learns of it, and its backup, told that nothing changed, reads all the same and heals.
        await using TestRepository other = await repository.OpenAgainAsync();
        RestorePoint second = await other.BackUpAsync(content, changes: []);
        Assert.Equal(BackupMode.Compare, second.Disks[0].Mode);
        Assert.Equal(TestRepository.ChunkBytes, second.Disks[0].NewBytes);
        Assert.Equal(content, await other.RestoreAsync(second));
        Assert.Equal(content, await other.RestoreAsync(first));

        RestorePoint third = await other.BackUpAsync(content, changes: []);
        Assert.Equal(BackupMode.Delta, third.Disks[0].Mode);
    }

    [Fact]
    public async Task A_lost_pack_is_named_with_what_it_takes_along()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = new byte[2 << 20];
        new Random(2).NextBytes(content);
        RestorePoint point = await repository.BackUpAsync(content);
        string pack = (await repository.KeysAsync("packs/")).MaxBy(key => repository.Store.GetSizeAsync(key, default).AsTask().Result)!;
        await repository.Store.DeleteAsync(pack, default);
        await using TestRepository again = await repository.OpenAgainAsync();
        VerifyResult result = await again.VerifyAsync();
        Assert.False(result.IsSound);
        Assert.Equal(point.Id, Assert.Single(result.Affected).Id);
        IntegrityException error = await Assert.ThrowsAsync<IntegrityException>(() => again.RestoreAsync(point));
        Assert.Equal(ErrorCode.ObjectMissing, error.Code);
    }

    [Fact]
    public async Task A_bitmap_of_another_disk_is_found_out()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = new byte[2 << 20];
        new Random(3).NextBytes(content);
        await repository.BackUpAsync(content);
        new Random(4).NextBytes(content);
        RestorePoint point = await repository.BackUpAsync(content, changes: [new Extent(0, 1 << 20, ExtentKind.Data)]);
        Assert.Equal(BackupMode.Compare, point.Disks[0].Mode);
        Assert.Contains("belongs to another", point.Disks[0].Reason, StringComparison.Ordinal);
        Assert.Equal(content, await repository.RestoreAsync(point));
    }

    /// <summary>The fast level reads the same bytes and finds every flipped bit of a pack, without opening one record.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_fast_level_finds_every_flipped_bit_in_packs(bool encrypt)
    {
        await using TestRepository repository = await TestRepository.CreateAsync(encrypt);
        var random = new Random(18);
        await repository.BackUpAsync(RandomDisk.Create(random, 300_000));
        var options = new VerifyOptions { Level = VerifyLevel.Stored };
        Assert.True((await repository.VerifyAsync(options)).IsSound);
        foreach (string key in await repository.KeysAsync("packs/"))
        {
            byte[] original = await repository.BytesAsync(key);
            for (int i = 0; i < 60; i++)
            {
                long at = random.NextInt64(original.Length);
                await repository.TamperAsync(key, _ => [.. original]);
                await repository.TamperAsync(key, bytes =>
                {
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    return bytes;
                });
                await using TestRepository again = await repository.OpenAgainAsync();
                VerifyResult result = await again.VerifyAsync(options);
                Assert.True(result.HasDamage, $"byte {at} of {key}");
                foreach (string mark in await repository.KeysAsync("bad/"))
                {
                    await repository.Store.DeleteAsync(mark, default);
                }
            }

            await repository.TamperAsync(key, _ => original);
        }
    }

    [Fact]
    public async Task Damage_is_told_in_byte_ranges_of_each_disk_that_has_it()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = new byte[(3 << 20) + 777];
        new Random(5).NextBytes(content);
        RestorePoint point = await repository.BackUpAsync(content, "a");
        byte[] shifted = [.. new byte[TestRepository.ChunkBytes], .. content[..(1 << 20)]];
        RestorePoint other = await repository.BackUpAsync(shifted, "b");
        string pack = await repository.LargestPackAsync();
        int record = TestRepository.ChunkBytes + 64 + 16;
        await repository.TamperAsync(pack, bytes =>
        {
            foreach (int number in new[] { 3, 4, 5, 40 })
            {
                bytes[64 + (number * record) + 500] ^= 1;
            }

            return bytes;
        });

        VerifyResult result = await repository.VerifyAsync();
        Assert.Equal(4, result.DamagedChunks.Count);
        Assert.Equal([point.Id, other.Id], result.Affected.Select(affected => affected.Id));
        foreach ((AffectedPoint affected, int shift) in new[] { (result.Affected[0], 0), (result.Affected[1], 1) })
        {
            Assert.Equal(4 * TestRepository.ChunkBytes, affected.DamagedBytes);
            Assert.Equal(
                [
                    new ByteRange((3 + shift) * TestRepository.ChunkBytes, 3 * TestRepository.ChunkBytes),
                    new ByteRange((40 + shift) * TestRepository.ChunkBytes, TestRepository.ChunkBytes),
                ],
                affected.Ranges);
        }
    }

    [Fact]
    public async Task Only_what_a_machine_needs_is_read_for_it()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] mine = new byte[1 << 20];
        byte[] others = new byte[2 << 20];
        new Random(6).NextBytes(mine);
        new Random(7).NextBytes(others);
        RestorePoint point = await repository.BackUpAsync(mine, "mine");
        await repository.BackUpAsync(others, "others");
        foreach (VerifySelection selection in new[] { new VerifySelection { Machine = "mine" }, new VerifySelection { Point = point.Id } })
        {
            VerifyResult result = await repository.VerifyAsync(new VerifyOptions { Selection = selection });
            Assert.Equal((2, 1), (result.Packs, result.RestorePoints));
            Assert.InRange(result.CheckedBytes, 1 << 20, (1 << 20) + (100 << 10));
            Assert.True(result.IsSound);
        }

        VProtectException error = await Assert.ThrowsAsync<VProtectException>(
            () => repository.VerifyAsync(new VerifyOptions { Selection = new VerifySelection { Machine = "nobody" } }));
        Assert.Equal(ErrorCode.RestorePointNotFound, error.Code);

        string pack = await repository.LargestPackAsync();
        await repository.TamperAsync(pack, bytes =>
        {
            bytes[90_000] ^= 1;
            return bytes;
        });
        Assert.True((await repository.VerifyAsync(new VerifyOptions { Selection = new VerifySelection { Machine = "mine" } })).IsSound);
        Assert.Equal("others", Assert.Single((await repository.VerifyAsync(new VerifyOptions { Selection = new VerifySelection { Machine = "others" } })).Affected).Machine);
    }

    private static async Task<bool> IsNoticedAsync(TestRepository damaged, RestorePoint point, byte[] content)
    {
        try
        {
            await using TestRepository again = await damaged.OpenAgainAsync();
            bool isSound = (await again.VerifyAsync()).IsSound && (await again.Repository.ListPointsAsync(default)).Count == 1;
            try
            {
                byte[] restored = await again.RestoreAsync(point);
                Assert.True(content.AsSpan().SequenceEqual(restored), "wrong bytes were returned as data");
            }
            catch (IntegrityException)
            {
                Assert.False(isSound);
            }

            return !isSound;
        }
        catch (VProtectException)
        {
            return true;
        }
    }
}
