using VProtect.Abstractions;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends.Memory;
using VProtect.Mover.Upkeep;

namespace VProtect.Mover.Tests.Damage;

/// <summary>Everything that is tried on one damaged repository.</summary>
internal sealed class DamageTrial(DamageSpecimen specimen, DamageCase damage)
{
    private const string Harmless = "harmless";

    // What is lost with these is lost as if it had never been, or had been asked for: nothing refers to them.
    private bool LosesARequest => damage.Kind == "lost" && damage.Family is "points" or "holds" or "forgotten";

    /// <summary>Tries it.</summary>
    /// <returns>What noticed it first, or that it did no harm.</returns>
    public async Task<string> RunAsync()
    {
        MemoryStore store = await damage.Image.ToStoreAsync();
        var found = new List<string>();
        VerifyResult? verified = null;
        await NoticingAsync("open", found, async () => await (await OpenAsync(store)).DisposeAsync());
        await NoticingAsync("list", found, async () => await UsingAsync(store, repository => repository.Repository.ListPointsAsync(default)));
        await NoticingAsync("verify", found, async () =>
        {
            verified = await UsingAsync(store, repository => repository.VerifyAsync());
            return verified.IsSound;
        });
        await RestoreAllAsync(store, found, verified);
        for (int i = 0; i < 2; i++)
        {
            await NoticingAsync("gc", found, async () => await UsingAsync(store, repository => repository.CollectAsync()));
        }

        await NoticingAsync("backup", found, async () => await UsingAsync(store, repository => repository.BackUpAsync(specimen.Points.Values.First(), "new")));
        if (!LosesARequest)
        {
            await PutRightAsync(store);
        }

        return found.Count == 0 ? Harmless : found[0];
    }

    /// <summary>Each point gives its bytes back or says that it cannot, and the latter was told before by verification.</summary>
    private async Task RestoreAllAsync(MemoryStore store, List<string> found, VerifyResult? verified)
    {
        TestRepository repository;
        try
        {
            repository = await OpenAsync(store);
        }
        catch (VProtectException)
        {
            // Told by opening it.
            return;
        }

        foreach ((string id, byte[] content) in specimen.Points)
        {
            // A point that cannot be read cannot be named as one that needs what is damaged; without its key no point can.
            bool isLost = damage.Keys.Contains($"points/{id}") || damage.Family == "keys/ring";
            try
            {
                RestorePoint? point = await repository.Repository.ReadPointAsync(id, default);
                byte[]? restored = point is null ? null : await repository.RestoreAsync(point);
                Assert.True(restored is not null || isLost, $"{damage}: {id} is gone");
                Assert.True(restored is null || content.AsSpan().SequenceEqual(restored), $"{damage}: {id} gave wrong bytes");
            }
            catch (VProtectException e)
            {
                Assert.True(found.Count > 0, $"{damage}: nobody noticed, but {id} cannot be restored: {e.Message}");
                bool isTold = verified is null || isLost || verified.Affected.Any(affected => affected.Id == id);
                Assert.True(isTold, $"{damage}: verification did not name {id}: {e.Message}");
            }
        }

        await repository.DisposeAsync();
    }

    /// <summary>Nothing was removed because of the damage: once it is undone, everything is there.</summary>
    private async Task PutRightAsync(MemoryStore store)
    {
        foreach (string key in damage.Keys)
        {
            await store.DeleteAsync(key, default);
            if (specimen.Now.Objects.TryGetValue(key, out byte[]? content))
            {
                await store.PutIfAbsentAsync(key, content, default);
            }
        }

        // Verification marked what it found, which is good again now.
        StoreImage image = await StoreImage.OfAsync(store);
        foreach (string mark in image.Objects.Keys.Where(key => key.StartsWith("bad/", StringComparison.Ordinal)).Except(specimen.Now.Objects.Keys))
        {
            await store.DeleteAsync(mark, default);
        }

        await using TestRepository repository = await OpenAsync(store);
        foreach ((string id, byte[] content) in specimen.Points)
        {
            RestorePoint? point = await repository.Repository.ReadPointAsync(id, default);
            Assert.True(point is not null, $"{damage}: {id} was removed");
            try
            {
                byte[] restored = await repository.RestoreAsync(point);
                Assert.True(content.AsSpan().SequenceEqual(restored), $"{damage}: {id} differs once it is put right");
            }
            catch (IntegrityException e)
            {
                Assert.Fail($"{damage}: {id} lost data for it: {e.Message}");
            }
        }
    }

    private async Task NoticingAsync(string what, List<string> found, Func<Task> action) => await NoticingAsync(what, found, async () =>
    {
        await action();
        return true;
    });

    /// <summary>Tries something. Only an error of ours, or an answer that all is not well, counts; another exception fails the test.</summary>
    private async Task NoticingAsync(string what, List<string> found, Func<Task<bool>> action)
    {
        try
        {
            if (!await action())
            {
                found.Add(what);
            }
        }
        catch (VProtectException)
        {
            found.Add(what);
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException($"{damage}: {what} failed with {e.GetType().Name}: {e.Message}", e);
        }
    }

    private Task<TestRepository> OpenAsync(MemoryStore store) => TestRepository.OpenAsync(store, specimen.Encrypt);

    private async Task<T> UsingAsync<T>(MemoryStore store, Func<TestRepository, Task<T>> action)
    {
        await using TestRepository repository = await OpenAsync(store);
        return await action(repository);
    }
}
