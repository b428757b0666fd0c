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
        foreach (string key in await repository.KeysAsync(""))
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
