using VProtect.Abstractions;
using VProtect.ChunkIndex;

namespace VProtect.Node.Repositories;

/// <summary>
/// Finds a chunk index for this process. One process holds an index at a time, so there are slots: whoever finds the first
/// taken uses the next, and each learns from the packs what it lacks. The index is a cache; nothing about it is ever in the way.
/// </summary>
public static class ChunkIndexOpening
{
    private const int SlotsMax = 16;

    /// <summary>The directory that holds the slots of a repository; null without a directory for state.</summary>
    /// <param name="state">Where this machine keeps what it knows of repositories, or null.</param>
    /// <param name="repositoryId">Which.</param>
    public static string? DirectoryOf(string? state, string repositoryId) => state is null ? null : Path.Combine(state, "index", repositoryId);

    /// <summary>The slots of a repository, in the order they are tried; none without a directory for state.</summary>
    public static IEnumerable<string> SlotsOf(string? state, string repositoryId) =>
        DirectoryOf(state, repositoryId) is { } directory
            ? Enumerable.Range(0, SlotsMax).Select(slot => Path.Combine(directory, $"{slot}"))
            : [];

    /// <summary>Opens the first free slot, or a temporary index when none can be used. The caller disposes it.</summary>
    /// <param name="state">Where this machine keeps what it knows of repositories, or null.</param>
    /// <param name="repositoryId">Which.</param>
    /// <param name="memoryBytesMax">As <see cref="ChunkIndexOptions.MemoryBytesMax"/>; null for the default.</param>
    /// <param name="startsEmpty">Whether what was known is dropped.</param>
    /// <param name="warn">Told why a temporary one is used.</param>
    /// <param name="place">Directory for a temporary one; null for that of temporary files.</param>
    public static OpenedIndex Open(string? state, string repositoryId, long? memoryBytesMax, bool startsEmpty, Action<string> warn, string? place = null)
    {
        TemporaryIndex.RemoveLeftovers(place);
        string? trouble = null;
        if (DirectoryOf(state, repositoryId) is { } directory)
        {
            if (startsEmpty && Directory.Exists(directory))
            {
                DeleteFreeSlots(directory);
            }

            for (int slot = 0; slot < SlotsMax; slot++)
            {
                string path = Path.Combine(directory, $"{slot}");
                try
                {
                    return new OpenedIndex(OpenSlot(path, memoryBytesMax), temporaryDirectory: null);
                }
                catch (VProtectException e) when (e.Retry == RetryAdvice.Later)
                {
                    trouble = e.Message;
                }
                catch (VProtectException e)
                {
                    trouble = e.Message;
                    break;
                }
            }
        }

        warn($"{trouble ?? "There is no directory for state."} A temporary index is used: slower to start.");
        (FasterChunkIndex index, string temporary) = TemporaryIndex.Create(place);
        return new OpenedIndex(index, temporary);
    }

    // A slot that another process holds stays: it is that process's.
    private static void DeleteFreeSlots(string directory)
    {
        foreach (string slot in Directory.EnumerateDirectories(directory))
        {
            try
            {
                using (new FileStream(Path.Combine(slot, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1))
                {
                    Clear(slot);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
            }
        }
    }

    // The lock file stays: removing it would let two processes hold two locks. So does the ledger, which is another's to hold.
    private static void Clear(string slot)
    {
        foreach (string file in Directory.EnumerateFiles(slot).Where(file => Path.GetFileName(file) != "lock" && !Path.GetFileName(file).StartsWith("ledger", StringComparison.Ordinal)))
        {
            File.Delete(file);
        }
    }

    private static FasterChunkIndex OpenSlot(string path, long? memoryBytesMax)
    {
        var options = new ChunkIndexOptions { Directory = path };
        options = memoryBytesMax is { } bytes ? options with { MemoryBytesMax = bytes } : options;
        try
        {
            return FasterChunkIndex.Open(options);
        }
        catch (Exception e) when (e is not VProtectException and not OperationCanceledException)
        {
            // Whatever made the index unreadable: its content is in the packs too.
            Clear(path);
            return FasterChunkIndex.Open(options);
        }
    }
}

/// <summary>An index, and the directory to remove with it when it was only for this run.</summary>
public sealed class OpenedIndex(FasterChunkIndex index, string? temporaryDirectory) : IAsyncDisposable
{
    /// <summary>The index.</summary>
    public FasterChunkIndex Index => index;

    /// <summary>Makes what was learned survive; not worth an error when that fails.</summary>
    /// <param name="warn">Told when it does.</param>
    public async Task CheckpointAsync(Action<string> warn)
    {
        if (temporaryDirectory is not null)
        {
            return;
        }

        try
        {
            await index.CheckpointAsync(CancellationToken.None);
        }
        catch (VProtectException e)
        {
            warn($"{e.Message} The next run learns again from the repository.");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await index.DisposeAsync();
        if (temporaryDirectory is not null)
        {
            Directory.Delete(temporaryDirectory, recursive: true);
        }
    }
}
