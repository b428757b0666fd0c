using VProtect.Mover.Store;
using VProtect.Mover.Tests.Deliver;
using VProtect.Mover.View;

namespace VProtect.Mover.Tests.View;

/// <summary>Mounted disks of a store where every read waits for a network.</summary>
public sealed class FarDiskTests
{
    [Fact]
    public async Task The_first_read_of_a_pack_asks_for_its_header_and_the_chunk_at_once()
    {
        byte[] content = FarRestoreTests.Noise(1 << 20);
        await using TestRepository repository = await TestRepository.CreateAsync();
        RestorePoint point = await repository.BackUpAsync(content);
        await using TestRepository far = await FarRestoreTests.OpenFarAsync(repository);
        await using VirtualDisk disk = await VirtualDiskTests.OpenAsync(far, point, new ViewCache(new ViewOptions()));
        var store = (GatheringStore)far.Repository.Store;
        store.Gather(2, bytesMin: 0);
        byte[] buffer = new byte[4096];
        await disk.ReadAsync(500_000, buffer, default);
        Assert.True(content.AsSpan(500_000, 4096).SequenceEqual(buffer));
        Assert.Equal(2, store.Reads);
    }

    [Fact]
    public async Task A_sequential_reader_is_read_further_ahead_of()
    {
        byte[] content = FarRestoreTests.Noise(56 << 20);
        await using TestRepository repository = await TestRepository.CreateAsync();
        RestorePoint point = await repository.BackUpAsync(content);
        await using TestRepository far = await FarRestoreTests.OpenFarAsync(repository);
        await using VirtualDisk disk = await VirtualDiskTests.OpenAsync(far, point, new ViewCache(new ViewOptions()));
        var store = (GatheringStore)far.Repository.Store;
        store.Gather(0, bytesMin: 0);
        byte[] buffer = new byte[1 << 20];
        int at = 0;
        for (; at < 36 << 20; at += buffer.Length)
        {
            await disk.ReadAsync(at, buffer, default);
            Assert.True(content.AsSpan(at, buffer.Length).SequenceEqual(buffer));
        }

        // More than the 8 MiB of a near store, asked for by nobody.
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (store.ReadBytes < at + (12 << 20))
        {
            await Task.Delay(10, limit.Token);
        }
    }
}
