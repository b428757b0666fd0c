using System.Text;
using VProtect.Abstractions;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Records;

namespace VProtect.Mover.Tests.Damage;

/// <summary>
/// A repository that holds an object of every kind there is: two machines with a history, a forgotten and a held point, two
/// rings, packs condemned and swept, a writer at work, one whose commit was refused, a mark of bad chunks.
/// </summary>
/// <param name="Encrypt">Whether it is encrypted.</param>
/// <param name="Now">Its objects.</param>
/// <param name="Earlier">Objects it had earlier and has no more, with what they held.</param>
/// <param name="Points">Restore points that are listed, and their disks' bytes.</param>
internal sealed record DamageSpecimen(bool Encrypt, StoreImage Now, IReadOnlyDictionary<string, byte[]> Earlier, IReadOnlyDictionary<string, byte[]> Points)
{
    public static async Task<DamageSpecimen> CreateAsync(bool encrypt)
    {
        await using TestRepository repository = await TestRepository.CreateAsync(encrypt);
        var random = new Random(encrypt ? 1 : 2);
        var points = new Dictionary<string, byte[]>();
        var earlier = new Dictionary<string, byte[]>();
        byte[] content = Noise(random, 200_000);
        byte[] other = Noise(random, 80_000);
        RestorePoint first = await repository.BackUpAsync(content, "a");
        RestorePoint gone = await repository.BackUpAsync(Noise(random, 60_000), "gone");
        await repository.Repository.ForgetAsync(gone, default);
        await RememberAsync(repository, earlier);
        await repository.CollectAsync(rewriteBelow: 0);
        await RememberAsync(repository, earlier);
        await repository.CollectAsync(rewriteBelow: 0);

        points[first.Id] = [.. content];
        Noise(random, 40_000).CopyTo(content, 90_000);
        RestorePoint second = await repository.BackUpAsync(content, "a");
        points[second.Id] = [.. content];
        await repository.Repository.Store.PutIfAbsentAsync(
            $"holds/{second.Id}", Envelope.Clear(EnvelopeKind.Hold, "{\"at\":\"2026-11-22T00:00:00Z\",\"reason\":\"trial\"}"u8.ToArray()), default);
        if (encrypt)
        {
            await repository.RotateAsync();
        }

        await using TestRepository reopened = await TestRepository.OpenAsync(repository.Store, encrypt);
        Dictionary<string, byte[]> lease = await BackUpRememberingLeaseAsync(reopened, other, points);
        RestorePoint condemned = await reopened.BackUpAsync(Noise(random, 60_000), "gone");
        await reopened.Repository.ForgetAsync(condemned, default);
        await RememberAsync(reopened, earlier);
        await reopened.CollectAsync(rewriteBelow: 0);
        RestorePoint forgotten = await reopened.BackUpAsync(Noise(random, 50_000), "gone");
        await reopened.Repository.ForgetAsync(forgotten, default);
        string aborted = PackId.NewRandom().ToString();
        await reopened.Store.PutIfAbsentAsync(
            $"points/{aborted}", Envelope.Clear(EnvelopeKind.AbortedPoint, Encoding.UTF8.GetBytes($"{{\"lease\":\"{new string('0', 32)}\"}}")), default);

        // A copy of a chunk goes bad, is marked, and is healed: the mark stays until its pack goes.
        await HealedDamageAsync(reopened, points[first.Id]);
        foreach ((string key, byte[] bytes) in lease)
        {
            await reopened.Store.PutIfAbsentAsync(key, bytes, default);
            await reopened.Store.DeleteAsync(key.Replace("leases/", "ended/", StringComparison.Ordinal), default);
        }

        foreach (RestorePoint healed in (await reopened.Repository.ListPointsAsync(default)).Where(point => point.Machine == "heal"))
        {
            points[healed.Id] = points[first.Id];
        }

        Assert.True((await reopened.VerifyAsync()).IsSound);

        StoreImage now = await StoreImage.OfAsync(reopened.Store);
        return new DamageSpecimen(encrypt, now, earlier.Where(item => !now.Objects.ContainsKey(item.Key)).ToDictionary(), points);
    }

    private static byte[] Noise(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static async Task RememberAsync(TestRepository repository, Dictionary<string, byte[]> earlier)
    {
        foreach ((string key, byte[] bytes) in (await StoreImage.OfAsync(repository.Store)).Objects)
        {
            earlier[key] = bytes;
        }
    }

    /// <summary>The lease as it was while the backup ran: as if its writer were still at work.</summary>
    private static async Task<Dictionary<string, byte[]>> BackUpRememberingLeaseAsync(
        TestRepository repository, byte[] content, Dictionary<string, byte[]> points)
    {
        var lease = new Dictionary<string, byte[]>();
        await using var disk = new MemoryDisk([.. content]);
        disk.OnAccess = (_, _) =>
        {
            foreach ((string key, byte[] bytes) in StoreImage.OfAsync(repository.Store).GetAwaiter().GetResult().Objects)
            {
                if (key.StartsWith("leases/", StringComparison.Ordinal))
                {
                    lock (lease)
                    {
                        lease[key] = bytes;
                    }
                }
            }
        };
        var pipeline = new BackupPipeline(repository.Chunks, new BackupOptions(), new BackupCounters(), TimeProvider.System);
        RestorePoint point = await pipeline.RunAsync(new BackupRequest { Machine = "b", Disks = [new BackupDisk("disk0", disk)] }, default);
        points[point.Id] = [.. content];
        return lease;
    }

    private static async Task HealedDamageAsync(TestRepository repository, byte[] firstContent)
    {
        string pack = (await StoreImage.OfAsync(repository.Store)).Objects.Where(item => item.Key.StartsWith("packs/", StringComparison.Ordinal)).MaxBy(item => item.Value.Length).Key;
        await repository.TamperAsync(pack, bytes =>
        {
            bytes[20_000] ^= 1;
            return bytes;
        });
        await repository.VerifyAsync();
        await repository.BackUpAsync(firstContent, "heal");
        await repository.TamperAsync(pack, bytes =>
        {
            bytes[20_000] ^= 1;
            return bytes;
        });
    }
}
