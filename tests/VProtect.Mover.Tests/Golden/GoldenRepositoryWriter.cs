using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends.LocalFile;
using VProtect.Mover.Upkeep;

namespace VProtect.Mover.Tests.Golden;

/// <summary>
/// Writes the golden repositories of the format as it is today. Run by hand when a new version of the format is released, never by a
/// test; see tests/golden/README.md. What is released is never written again.
/// </summary>
internal static class GoldenRepositoryWriter
{
    public const string PassPhrase = "golden";
    public const int ChunkBytes = 16 << 10;

    public static async Task WriteAsync(string directory, bool encrypt)
    {
        Secret secret = Secret.FromText(PassPhrase);
        await using (LocalFileStore store = LocalFileStore.Open(directory, create: true))
        {
            var options = new RepositoryOptions { ChunkBytes = ChunkBytes, PackBytes = 4 << 20, Encrypt = encrypt };
            await Repository.InitAsync(store, options, encrypt ? [secret] : [], TimeProvider.System, default);
        }

        await BackUpAsync(directory, encrypt, "machine", ("system", GoldenDisk.System), ("data", GoldenDisk.Data));
        if (encrypt)
        {
            await using Repository repository = await OpenAsync(directory, encrypt);
            await repository.RotateDataKeyAsync(secret, default);
        }

        await BackUpAsync(directory, encrypt, "machine", ("system", GoldenDisk.SystemLater), ("data", GoldenDisk.Data));
        await BackUpAsync(directory, encrypt, "gone", ("system", GoldenDisk.Gone));
        await using (Repository repository = await OpenAsync(directory, encrypt))
        {
            await repository.ForgetAsync(await repository.FindPointAsync("latest", "gone", default), default);
            await repository.HoldAsync(await repository.FindPointAsync("latest", "machine", default), "golden", default);
            await using var index = new MemoryChunkIndex();
            using var chunks = new ChunkStore(repository, index);
            await new GarbageCollector(chunks, new MemoryReferenceLedger(), new CollectOptions()).RunAsync(progress: null, default);
        }

        await BackUpAsync(directory, encrypt, "forgotten", ("system", GoldenDisk.Forgotten));
        await using (Repository repository = await OpenAsync(directory, encrypt))
        {
            await repository.ForgetAsync(await repository.FindPointAsync("latest", "forgotten", default), default);
        }

        // Space of this machine's disk, no part of the repository.
        File.Delete(Path.Join(directory, ".reserve"));
    }

    /// <summary>Opens one anew, as after a rotation every process must.</summary>
    public static Task<Repository> OpenAsync(string directory, bool encrypt) => Repository.OpenAsync(
        LocalFileStore.Open(directory, create: false), encrypt ? Secret.FromText(PassPhrase) : null, TimeProvider.System, default);

    private static async Task BackUpAsync(string directory, bool encrypt, string machine, params (string Name, byte[] Content)[] disks)
    {
        await using Repository repository = await OpenAsync(directory, encrypt);
        await using var index = new MemoryChunkIndex();
        using var chunks = new ChunkStore(repository, index);
        var request = new BackupRequest
        {
            Machine = machine,
            Label = "golden",
            Disks = [.. disks.Select(disk => new BackupDisk(disk.Name, new MemoryDisk(disk.Content)))],
        };
        await new BackupPipeline(chunks, new BackupOptions { BufferBytes = 8 << 20 }, new BackupCounters(), TimeProvider.System)
            .RunAsync(request, default);
    }
}
