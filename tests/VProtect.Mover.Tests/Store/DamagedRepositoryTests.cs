using System.Text;
using System.Text.Json.Nodes;
using VProtect.Abstractions;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends.LocalFile;
using VProtect.Mover.Store.Backends.Memory;
using VProtect.Mover.Store.Records;

namespace VProtect.Mover.Tests.Store;

/// <summary>What is not a repository of ours, or no longer quite: each a clear error with its code, never another exception.</summary>
public sealed class DamagedRepositoryTests
{
    [Fact]
    public async Task A_directory_without_a_repository_is_told_as_that()
    {
        using var directory = new TemporaryDirectory();
        Assert.Equal(ErrorCode.RepositoryNotFound, await OpenErrorAsync(directory.Path));
        Directory.CreateDirectory(directory["packs/00"]);
        File.WriteAllText(directory["packs/00/readme"], "not ours");
        File.WriteAllText(directory["Thumbs.db"], "not ours");
        Assert.Equal(ErrorCode.RepositoryNotFound, await OpenErrorAsync(directory.Path));
        File.WriteAllText(directory["repository"], "not ours");
        Assert.Equal(ErrorCode.RepositoryInvalid, await OpenErrorAsync(directory.Path));
    }

    [Fact]
    public async Task What_is_not_ours_among_the_objects_is_ignored()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = new byte[100_000];
        new Random(1).NextBytes(content);
        RestorePoint point = await repository.BackUpAsync(content);
        foreach (string folder in new[] { "points", "forgotten", "holds", "leases", "gc", "bad", "packs/00", "keys/slots", "keys/ring" })
        {
            await repository.Store.PutIfAbsentAsync($"{folder}/desktop.ini", "not ours"u8.ToArray(), default);
        }

        await using TestRepository again = await repository.OpenAgainAsync();
        Assert.Equal(point.Id, Assert.Single(await again.Repository.ListPointsAsync(default)).Id);
        await again.BackUpAsync(content);
        await again.CollectAsync();
        await again.CollectAsync();
        Assert.True((await again.VerifyAsync()).IsSound);
        Assert.Equal(content, await again.RestoreAsync(point));
    }

    [Fact]
    public async Task A_header_cut_anywhere_is_refused()
    {
        byte[] header = await HeaderAsync(_ => { });
        for (int length = 0; length < header.Length; length++)
        {
            Assert.Equal(ErrorCode.RepositoryInvalid, await OpenErrorAsync(header[..length]));
        }
    }

    [Theory]
    [InlineData("chunkBytes", "65537", ErrorCode.RepositoryInvalid)]
    [InlineData("chunkBytes", "0", ErrorCode.RepositoryInvalid)]
    [InlineData("chunkBytes", "-2147483648", ErrorCode.RepositoryInvalid)]
    [InlineData("chunkBytes", "99999999999999999999", ErrorCode.RepositoryInvalid)]
    [InlineData("packBytes", "1", ErrorCode.RepositoryInvalid)]
    [InlineData("packBytes", "1.5e300", ErrorCode.RepositoryInvalid)]
    [InlineData("id", "\"\"", ErrorCode.RepositoryInvalid)]
    [InlineData("id", "\"zz112233445566778899aabbccddeeff\"", ErrorCode.RepositoryInvalid)]
    [InlineData("id", "null", ErrorCode.RepositoryInvalid)]
    [InlineData("features", "null", ErrorCode.RepositoryInvalid)]
    [InlineData("features", "{}", ErrorCode.RepositoryInvalid)]
    [InlineData("features", "{\"read\":[\"holograms\"],\"write\":[],\"collect\":[]}", ErrorCode.RepositoryTooNew)]
    [InlineData("features", "{\"read\":[null],\"write\":[],\"collect\":[]}", ErrorCode.RepositoryTooNew)]
    [InlineData("encryption", "\"rot13\"", ErrorCode.RepositoryTooNew)]
    public async Task A_header_with_a_value_that_cannot_be_is_refused(string member, string value, ErrorCode expected)
    {
        Assert.Equal(expected, await OpenErrorAsync(await HeaderAsync(header => header[member] = JsonNode.Parse(value))));
    }

    [Fact]
    public async Task A_header_of_a_later_version_asks_for_a_newer_program()
    {
        byte[] header = await HeaderAsync(_ => { });
        header[10] = 2;
        VProtect.Mover.Reduce.Chunking.Blake3.Hash(header.AsSpan(..^32), header.AsSpan(^32..));
        Assert.Equal(ErrorCode.RepositoryTooNew, await OpenErrorAsync(header));
    }

    /// <summary>In an encrypted repository nobody without the key changes a constant: the ring holds the header's hash.</summary>
    [Fact]
    public async Task A_changed_header_of_an_encrypted_repository_is_refused()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        await repository.TamperAsync("repository", bytes => Rewrite(bytes, header => header["chunkBytes"] = 65536));
        Assert.Equal(ErrorCode.DataCorrupt, await CodeOfAsync(repository.OpenAgainAsync));
    }

    /// <summary>
    /// Clear objects can be written by whoever can write to the store, with a right hash: every value is checked. Each is put in place,
    /// everything is tried, and it is taken away.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_forged_small_object_does_no_more_than_stop_what_needs_it(bool encrypt)
    {
        await using TestRepository repository = await TestRepository.CreateAsync(encrypt);
        byte[] content = new byte[100_000];
        new Random(1).NextBytes(content);
        RestorePoint point = await repository.BackUpAsync(content);
        string id = PackId.NewRandom().ToString();
        string pack = PackId.NewRandom().ToString();
        string lease = "{\"lease\":\"x\",\"point\":P,\"pins\":[null,\"../..\"],\"generation\":0,\"host\":\"h\",\"boot\":\"b\",\"process\":1,\"started\":\"s\"}";
        string disk = "{\"name\":\"d\",\"sizeBytes\":S,\"root\":\"R\",\"token\":null,\"mode\":\"full\",\"reason\":null,\"readBytes\":0,\"changedBytes\":0,\"newBytes\":0,\"storedBytes\":0}";
        string pointBody = $"{{\"id\":\"{id}\",\"machine\":\"vm\",\"sequence\":9,\"parent\":null,\"createdAt\":\"T\",\"durationMs\":1,\"software\":\"s\",\"label\":null,\"disks\":[D]}}";
        string now = "2026-11-22T00:00:00Z";
        (EnvelopeKind Kind, string Key, string Body)[] forged =
        [
            (EnvelopeKind.Collection, "gc/0000000000000001", "{\"generation\":1,\"condemned\":[null]}"),
            (EnvelopeKind.Collection, "gc/0000000000000001", "{\"generation\":1,\"condemned\":[{\"pack\":\"zz\",\"since\":1}]}"),
            (EnvelopeKind.Collection, "gc/0000000000000001", $"{{\"generation\":1,\"condemned\":[{{\"pack\":\"{pack}\",\"since\":1}},{{\"pack\":\"{pack.ToUpperInvariant()}\",\"since\":1}}]}}"),
            (EnvelopeKind.Collection, "gc/0000000000000001", "{\"generation\":2,\"condemned\":[]}"),
            (EnvelopeKind.Collection, "gc/0000000000000001", "[]"),
            (EnvelopeKind.Collection, "gc/0000000000000001", "null"),
            (EnvelopeKind.Collection, "gc/0000000000000001", new string('[', 5000)),
            (EnvelopeKind.BadChunks, $"bad/{pack}-0", $"{{\"pack\":\"{pack}\",\"chunks\":[null]}}"),
            (EnvelopeKind.BadChunks, $"bad/{pack}-0", $"{{\"pack\":\"{pack}\",\"chunks\":[\"zz\"]}}"),
            (EnvelopeKind.BadChunks, $"bad/{pack}-0", "{\"pack\":\"zz\",\"chunks\":[]}"),
            (EnvelopeKind.Lease, $"leases/{id}", lease.Replace("P", "\"../../etc\"", StringComparison.Ordinal)),
            (EnvelopeKind.Lease, $"leases/{id}", lease.Replace("P", "null", StringComparison.Ordinal)),
            (EnvelopeKind.Lease, $"leases/{id}", lease.Replace("P", "7", StringComparison.Ordinal)),
            (EnvelopeKind.AbortedPoint, $"points/{id}", "{}"),
            (EnvelopeKind.RestorePoint, $"points/{id}", pointBody.Replace("T", "yesterday", StringComparison.Ordinal).Replace("D", "", StringComparison.Ordinal)),
            (EnvelopeKind.RestorePoint, $"points/{id}", pointBody.Replace("T", now, StringComparison.Ordinal).Replace("D", "null", StringComparison.Ordinal)),
            (EnvelopeKind.RestorePoint, $"points/{id}", pointBody.Replace("Ms\":1", "Ms\":9223372036854775807", StringComparison.Ordinal).Replace("T", now, StringComparison.Ordinal).Replace("[D]", "[]", StringComparison.Ordinal)),
            (EnvelopeKind.RestorePoint, $"points/{id}", pointBody.Replace("T", now, StringComparison.Ordinal).Replace("D", disk.Replace("S", "1", StringComparison.Ordinal), StringComparison.Ordinal)),
            (EnvelopeKind.RestorePoint, $"points/{id}", pointBody.Replace("T", now, StringComparison.Ordinal).Replace("[D]", "[" + disk.Replace("R", new string('1', 64), StringComparison.Ordinal).Replace("S", "-1", StringComparison.Ordinal) + "]", StringComparison.Ordinal)),
            (EnvelopeKind.RestorePoint, $"points/{id}", pointBody.Replace("T", now, StringComparison.Ordinal).Replace("[D]", "[" + disk.Replace("R", new string('1', 64), StringComparison.Ordinal).Replace("S", "9223372036854775807", StringComparison.Ordinal) + "]", StringComparison.Ordinal)),
            (EnvelopeKind.Forgotten, $"forgotten/{id}", "{}"),
            (EnvelopeKind.KeySlot, $"keys/slots/{id}", "{}"),
        ];
        foreach ((EnvelopeKind kind, string key, string body) in forged)
        {
            Assert.True(await repository.Store.PutIfAbsentAsync(key, Envelope.Clear(kind, Encoding.UTF8.GetBytes(body)), default));
            await using (TestRepository again = await repository.OpenAgainAsync())
            {
                // None of these may throw anything but ours, which is all that is asked here.
                await CodeOfAsync(async () => await again.Repository.ListPointsAsync(default));
                await CodeOfAsync(async () => await again.VerifyAsync());
                await CodeOfAsync(async () => await again.BackUpAsync(content, "other"));
                await CodeOfAsync(async () => await again.CollectAsync());
            }

            await repository.Store.DeleteAsync(key, default);
            foreach (string left in (await repository.KeysAsync("gc/")).Concat(await repository.KeysAsync("leases/")))
            {
                await repository.Store.DeleteAsync(left, default);
            }

            await using TestRepository clean = await repository.OpenAgainAsync();
            Assert.Equal(content, await clean.RestoreAsync(point));
        }
    }

    [Fact]
    public async Task A_restore_point_under_another_name_is_refused()
    {
        foreach (bool encrypt in new[] { true, false })
        {
            await using TestRepository repository = await TestRepository.CreateAsync(encrypt);
            RestorePoint first = await repository.BackUpAsync(new byte[100], "a");
            RestorePoint second = await repository.BackUpAsync(new byte[200], "b");
            byte[] stolen = [];
            await repository.TamperAsync($"points/{first.Id}", bytes => stolen = bytes);
            byte[] original = [];
            await repository.TamperAsync($"points/{second.Id}", bytes =>
            {
                original = bytes;
                return stolen;
            });
            Assert.Equal(ErrorCode.DataCorrupt, await CodeOfAsync(async () => await repository.Repository.ListPointsAsync(default)));
            await repository.TamperAsync($"points/{second.Id}", _ => original);
            string copy = $"points/{PackId.NewRandom()}";
            await repository.Store.PutIfAbsentAsync(copy, stolen, default);
            Assert.Equal(ErrorCode.DataCorrupt, await CodeOfAsync(async () => await repository.Repository.ListPointsAsync(default)));
            Assert.Equal(ErrorCode.DataCorrupt, await CodeOfAsync(async () => await repository.CollectAsync()));
            await repository.Store.DeleteAsync(copy, default);
            Assert.Equal(2, (await repository.Repository.ListPointsAsync(default)).Count);
        }
    }

    /// <summary>Kinds 4 and 5 differ in one bit: a point must not vanish, and be collected, for that.</summary>
    [Fact]
    public async Task A_restore_point_whose_kind_flipped_to_aborted_is_damage_and_keeps_its_data()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = new byte[100_000];
        new Random(1).NextBytes(content);
        RestorePoint point = await repository.BackUpAsync(content);
        await repository.TamperAsync($"points/{point.Id}", bytes =>
        {
            bytes[8] ^= 1;
            return bytes;
        });
        List<string> packs = await repository.KeysAsync("packs/");
        Assert.Equal(ErrorCode.DataCorrupt, await CodeOfAsync(async () => await repository.Repository.ListPointsAsync(default)));
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(ErrorCode.DataCorrupt, await CodeOfAsync(async () => await repository.CollectAsync()));
        }

        Assert.False((await repository.VerifyAsync()).IsSound);
        Assert.Equal(packs, await repository.KeysAsync("packs/"));
    }

    private static async Task<byte[]> HeaderAsync(Action<JsonObject> change)
    {
        var store = new MemoryStore();
        await Repository.InitAsync(store, new RepositoryOptions { Encrypt = false }, [], TimeProvider.System, default);
        byte[] bytes = new byte[(await store.GetSizeAsync("repository", default))!.Value];
        await store.ReadAsync("repository", 0, bytes, default);
        return Rewrite(bytes, change);
    }

    private static byte[] Rewrite(byte[] header, Action<JsonObject> change)
    {
        JsonObject body = JsonNode.Parse(header.AsSpan(Envelope.HeaderBytes..^Envelope.HashBytes))!.AsObject();
        change(body);
        return Envelope.Clear(EnvelopeKind.Repository, Encoding.UTF8.GetBytes(body.ToJsonString()));
    }

    private static async Task<ErrorCode?> OpenErrorAsync(byte[] header)
    {
        var store = new MemoryStore();
        await store.PutIfAbsentAsync("repository", header, default);
        return await CodeOfAsync(() => Repository.OpenAsync(store, Secret.FromText("x"), TimeProvider.System, default));
    }

    private static Task<ErrorCode?> OpenErrorAsync(string directory) => CodeOfAsync(async () =>
    {
        await using LocalFileStore store = LocalFileStore.Open(directory, create: false);
        await Repository.OpenAsync(store, null, TimeProvider.System, default);
    });

    /// <summary>The code of our error, null when there is none; any other exception fails the test.</summary>
    private static async Task<ErrorCode?> CodeOfAsync(Func<Task> action)
    {
        try
        {
            await action();
            return null;
        }
        catch (VProtectException e)
        {
            return e.Code;
        }
    }
}
