using VProtect.Abstractions;
using VProtect.ChunkIndex;

namespace VProtect.Appliance.Cli;

/// <summary>
/// Finds a chunk index for this process. One process holds an index at a time, so there are slots: whoever finds the first
/// taken uses the next, and each learns from the packs what it lacks. The index is a cache; nothing about it is ever in the way.
/// </summary>
internal static class ChunkIndexOpening
{
    private const int SlotsMax = 16;

    /// <summary>The directory that holds the slots of a repository.</summary>
    public static string? DirectoryOf(Invocation invocation, string repositoryId)
    {
        string? state = StateDirectory(invocation);
        return state is null ? null : Path.Combine(state, "index", repositoryId);
    }

    /// <summary>The slots of a repository, in the order they are tried; none without a directory for state.</summary>
    public static IEnumerable<string> SlotsOf(Invocation invocation, string repositoryId) =>
        DirectoryOf(invocation, repositoryId) is { } directory
            ? Enumerable.Range(0, SlotsMax).Select(slot => Path.Combine(directory, $"{slot}"))
            : [];

    /// <summary>Opens the first free slot, or a temporary index when none can be used.</summary>
    public static OpenedIndex Open(Invocation invocation, string repositoryId, bool startsEmpty)
    {
        TemporaryIndex.RemoveLeftovers();
        string? trouble = null;
        if (DirectoryOf(invocation, repositoryId) is { } directory)
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
                    return new OpenedIndex(OpenSlot(path), temporaryDirectory: null);
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

        invocation.Warn($"{trouble ?? "There is no directory for state."} A temporary index is used: slower to start.");
        (FasterChunkIndex index, string temporary) = TemporaryIndex.Create();
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

    private static FasterChunkIndex OpenSlot(string path)
    {
        try
        {
            return FasterChunkIndex.Open(new ChunkIndexOptions { Directory = path });
        }
        catch (Exception e) when (e is not VProtectException and not OperationCanceledException)
        {
            // Whatever made the index unreadable: its content is in the packs too.
            Clear(path);
            return FasterChunkIndex.Open(new ChunkIndexOptions { Directory = path });
        }
    }

    private static string? StateDirectory(Invocation invocation)
    {
        string? Set(string name) => invocation.Terminal.Variable(name) is { Length: > 0 } value ? value : null;
        return invocation.Parsed.GetValue(invocation.Common.State)
            ?? Set("VPROTECT_STATE")
            ?? (Set("XDG_CACHE_HOME") is { } cache ? Path.Combine(cache, "vprotect")
                : Set("HOME") is { } home ? Path.Combine(home, ".cache", "vprotect")
                : null);
    }
}

/// <summary>An index, and the directory to remove with it when it was only for this run.</summary>
internal sealed class OpenedIndex(FasterChunkIndex index, string? temporaryDirectory) : IAsyncDisposable
{
    public FasterChunkIndex Index => index;

    /// <summary>Makes what was learned survive; not worth an error when that fails.</summary>
    public async Task CheckpointAsync(Invocation invocation)
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
            invocation.Warn($"{e.Message} The next run learns again from the repository.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await index.DisposeAsync();
        if (temporaryDirectory is not null)
        {
            Directory.Delete(temporaryDirectory, recursive: true);
        }
    }
}
