using VProtect.Abstractions;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends.Faulty;
using VProtect.Mover.Store.Backends.Memory;

namespace VProtect.Mover.Tests.Store;

/// <summary>What opens a repository, and what does not.</summary>
public sealed class RepositoryKeysTests
{
    [Fact]
    public async Task A_recovery_key_opens_however_it_is_typed()
    {
        (Secret recovery, string text) = Secret.NewRecoveryKey();
        var store = new MemoryStore();
        await InitAsync(store, recovery);
        foreach (string typed in new[] { text, text.ToLowerInvariant(), text.Replace('-', ' '), text.Replace("-", "", StringComparison.Ordinal), text + "\r\n" })
        {
            await Repository.OpenAsync(store, Secret.FromText(typed), TimeProvider.System, default);
        }

        Assert.Equal(ErrorCode.WrongKey, await OpenErrorAsync(store, Secret.FromText(text[..^1])));
        Assert.Equal(ErrorCode.KeyRequired, await OpenErrorAsync(store, null));
    }

    [Theory]
    [InlineData("pass\r\n", "pass")]
    [InlineData("pass\n", "pass")]
    [InlineData("pass", "pass\n")]
    [InlineData("pass\n\n", "pass\n\n")]
    public void A_key_file_is_what_would_be_typed_less_one_line_end(string file, string typed)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["key"], file);
        Assert.Equal(Secret.FromText(typed).Bytes.ToArray(), Secret.FromFile(directory["key"]).Bytes.ToArray());
    }

    [Fact]
    public void Two_line_ends_are_not_one()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["key"], "pass\n\n");
        Assert.Equal("pass\n"u8.ToArray(), Secret.FromFile(directory["key"]).Bytes.ToArray());
    }

    [Fact]
    public async Task A_removed_slot_opens_no_more_and_a_damaged_one_is_in_nobodys_way()
    {
        (Secret first, _) = Secret.NewRecoveryKey();
        (Secret second, _) = Secret.NewRecoveryKey();
        var store = new MemoryStore();
        await InitAsync(store, first);
        Repository repository = await Repository.OpenAsync(store, first, TimeProvider.System, default);
        string removed = Assert.Single(await repository.ListKeysAsync(default)).Id;
        await repository.AddKeyAsync(first, second, "second", default);
        await repository.RemoveKeyAsync(removed, default);
        Assert.Equal(ErrorCode.WrongKey, await OpenErrorAsync(store, first));
        string last = Assert.Single(await repository.ListKeysAsync(default)).Id;
        VProtectException error = await Assert.ThrowsAsync<VProtectException>(() => repository.RemoveKeyAsync(last, default));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);

        await store.PutIfAbsentAsync($"keys/slots/{removed}", "damaged"u8.ToArray(), default);
        Assert.Null(await OpenErrorAsync(store, second));
        await store.DeleteAsync($"keys/slots/{last}", default);
        Assert.Equal(ErrorCode.ObjectMissing, await OpenErrorAsync(store, second));
    }

    [Fact]
    public async Task A_ring_of_another_repository_or_none_does_not_open()
    {
        (Secret secret, _) = Secret.NewRecoveryKey();
        var store = new MemoryStore();
        var other = new MemoryStore();
        await InitAsync(store, secret);
        await InitAsync(other, secret);
        string ring = await RingAsync(store);
        byte[] foreign = new byte[4096];
        int length = await other.ReadAsync(await RingAsync(other), 0, foreign, default);
        await store.DeleteAsync(ring, default);
        Assert.Equal(ErrorCode.ObjectMissing, await OpenErrorAsync(store, secret));
        await store.PutIfAbsentAsync(ring, foreign.AsMemory(0, length), default);
        Assert.Equal(ErrorCode.ObjectMissing, await OpenErrorAsync(store, secret));
    }

    [Fact]
    public async Task A_changed_secret_keeps_its_label_and_the_old_one_opens_no_more()
    {
        (Secret old, _) = Secret.NewRecoveryKey();
        (Secret replacement, _) = Secret.NewRecoveryKey();
        var store = new MemoryStore();
        await InitAsync(store, old);
        Repository repository = await Repository.OpenAsync(store, old, TimeProvider.System, default);
        string before = repository.OpenedBySlot!;
        (string added, string removed) = await repository.ChangeKeyAsync(old, replacement, "ann", default);
        Assert.Equal(before, removed);
        Assert.Equal(ErrorCode.WrongKey, await OpenErrorAsync(store, old));
        Repository changed = await Repository.OpenAsync(store, replacement, TimeProvider.System, default);
        KeySlotInfo key = Assert.Single(await changed.ListKeysAsync(default));
        Assert.Equal((added, "ann", true), (key.Id, key.Label, key.OpenedThis));
        await changed.ChangeKeyAsync(replacement, old, label: null, default);
        Assert.Equal("ann", Assert.Single(await changed.ListKeysAsync(default)).Label);
    }

    /// <summary>Stopped at every call, before and after it took effect: the old secret, the new one or both open, and one of them can finish.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_change_stopped_at_any_call_leaves_a_repository_that_opens(bool takesEffect)
    {
        (Secret old, _) = Secret.NewRecoveryKey();
        (Secret replacement, _) = Secret.NewRecoveryKey();
        bool finished = false;
        for (int call = 1; !finished; call++)
        {
            var store = new MemoryStore();
            await InitAsync(store, old);
            var faulty = new FaultyStore(store, seed: call);
            Repository repository = await Repository.OpenAsync(faulty, old, TimeProvider.System, default);
            faulty.FailCall(faulty.Calls + call, new StoreFault { Code = ErrorCode.StoreFailed, TakesEffect = takesEffect });
            finished = await Record.ExceptionAsync(() => repository.ChangeKeyAsync(old, replacement, null, default)) is null;

            bool oldOpens = await OpenErrorAsync(store, old) is null;
            bool newOpens = await OpenErrorAsync(store, replacement) is null;
            Assert.True(oldOpens || newOpens, $"call {call}");
            Assert.True(!finished || (newOpens && !oldOpens), $"call {call}");
            Secret opening = oldOpens ? old : replacement;
            Repository again = await Repository.OpenAsync(store, opening, TimeProvider.System, default);
            await again.ChangeKeyAsync(opening, replacement, null, default);
            Assert.Null(await OpenErrorAsync(store, replacement));
        }
    }

    [Fact]
    public async Task Rotation_stopped_at_any_call_leaves_a_repository_that_opens()
    {
        (Secret secret, _) = Secret.NewRecoveryKey();
        foreach (bool takesEffect in new[] { false, true })
        {
            bool finished = false;
            for (int call = 1; !finished; call++)
            {
                var store = new MemoryStore();
                await InitAsync(store, secret);
                Repository repository = await Repository.OpenAsync(store, secret, TimeProvider.System, default);
                await repository.RotateDataKeyAsync(secret, default);
                var faulty = new FaultyStore(store, seed: call);
                repository = await Repository.OpenAsync(faulty, secret, TimeProvider.System, default);
                faulty.FailCall(faulty.Calls + call, new StoreFault { Code = ErrorCode.StoreFailed, TakesEffect = takesEffect });
                finished = await Record.ExceptionAsync(() => repository.RotateDataKeyAsync(secret, default)) is null;
                Assert.Null(await OpenErrorAsync(store, secret));
                if (finished)
                {
                    // The newest and the one before.
                    Assert.Equal(["00000002", "00000003"], (await KeysAsync(store, "keys/ring/")).Select(key => key[^8..]));
                }
            }
        }
    }

    [Fact]
    public async Task A_damaged_newest_ring_leaves_the_one_before_and_is_not_built_upon()
    {
        (Secret secret, _) = Secret.NewRecoveryKey();
        var store = new MemoryStore();
        await InitAsync(store, secret);
        Repository repository = await Repository.OpenAsync(store, secret, TimeProvider.System, default);
        await repository.RotateDataKeyAsync(secret, default);
        string newest = (await KeysAsync(store, "keys/ring/"))[^1];
        await store.DeleteAsync(newest, default);
        await store.PutIfAbsentAsync(newest, "damaged"u8.ToArray(), default);
        repository = await Repository.OpenAsync(store, secret, TimeProvider.System, default);
        IntegrityException error = await Assert.ThrowsAsync<IntegrityException>(() => repository.RotateDataKeyAsync(secret, default));
        Assert.Contains(newest, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_secret_a_damaged_slot_and_a_lost_ring_are_told_apart()
    {
        (Secret secret, _) = Secret.NewRecoveryKey();
        (Secret wrong, _) = Secret.NewRecoveryKey();
        var store = new MemoryStore();
        await InitAsync(store, secret);
        Repository repository = await Repository.OpenAsync(store, secret, TimeProvider.System, default);
        string second = await repository.AddKeyAsync(secret, wrong, "ann's phrase", default);
        Secret unknown = Secret.NewRecoveryKey().Secret;
        string message = await OpenMessageAsync(store, unknown);
        Assert.Contains("2 slots", message, StringComparison.Ordinal);
        Assert.Contains("ann's phrase", message, StringComparison.Ordinal);

        await store.DeleteAsync($"keys/slots/{second}", default);
        await store.PutIfAbsentAsync($"keys/slots/{second}", "damaged"u8.ToArray(), default);
        Assert.Contains($"damaged (keys/slots/{second})", await OpenMessageAsync(store, wrong), StringComparison.Ordinal);

        await store.DeleteAsync(await RingAsync(store), default);
        Assert.Contains("The secret is right, but the key ring", await OpenMessageAsync(store, secret), StringComparison.Ordinal);
        await store.DeleteAsync($"keys/slots/{repository.OpenedBySlot}", default);
        Assert.Contains("All 1 key slots", await OpenMessageAsync(store, secret), StringComparison.Ordinal);
    }

    private static async Task<string> OpenMessageAsync(MemoryStore store, Secret secret) =>
        (await Assert.ThrowsAnyAsync<VProtectException>(() => Repository.OpenAsync(store, secret, TimeProvider.System, default))).Message;

    private static async Task<List<string>> KeysAsync(MemoryStore store, string prefix)
    {
        var keys = new List<string>();
        await foreach (ObjectInfo item in store.ListAsync(prefix, default))
        {
            keys.Add(item.Key);
        }

        keys.Sort(StringComparer.Ordinal);
        return keys;
    }

    private static Task<string> InitAsync(MemoryStore store, Secret secret) =>
        Repository.InitAsync(store, new RepositoryOptions(), [secret], TimeProvider.System, default);

    private static async Task<string> RingAsync(MemoryStore store)
    {
        await foreach (ObjectInfo item in store.ListAsync("keys/ring/", default))
        {
            return item.Key;
        }

        throw new InvalidOperationException("no ring");
    }

    private static async Task<ErrorCode?> OpenErrorAsync(MemoryStore store, Secret? secret)
    {
        try
        {
            await Repository.OpenAsync(store, secret, TimeProvider.System, default);
            return null;
        }
        catch (VProtectException e)
        {
            return e.Code;
        }
    }
}
