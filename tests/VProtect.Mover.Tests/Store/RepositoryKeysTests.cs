using VProtect.Abstractions;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Store;
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
