using VProtect.Abstractions;
using VProtect.ChunkIndex;

namespace VProtect.Node.Repositories;

/// <summary>
/// Chunk indexes for one run, in the directory for temporary files or the node's place for them. A process that was killed leaves its own behind; the next
/// run removes it. Each index holds a lock in its directory for as long as its process lives: that tells which are dead.
/// </summary>
internal static class TemporaryIndex
{
    private const string Prefix = "vprotect-index-";
    private const int AttemptsMax = 8;

    /// <summary>Makes one.</summary>
    /// <param name="place">Directory to make it in; null for that of temporary files.</param>
    /// <returns>The index and its directory, which the caller removes after it.</returns>
    public static (FasterChunkIndex Index, string Directory) Create(string? place)
    {
        for (int attempt = 1; ; attempt++)
        {
            string directory = NewDirectory(place, Prefix);
            try
            {
                return (FasterChunkIndex.Open(new ChunkIndexOptions { Directory = directory }), directory);
            }
            catch (Exception e) when (attempt < AttemptsMax && e is VProtectException or IOException && !Directory.Exists(directory))
            {
                // Between the directory and its lock it looked like a leftover, and another process removed it.
            }
        }
    }

    /// <summary>Makes a directory of its owner's alone, in a place or, where that is null, in that of temporary files.</summary>
    public static string NewDirectory(string? place, string prefix) => place is null
        ? Directory.CreateTempSubdirectory(prefix).FullName
        : Directory.CreateDirectory(Path.Combine(place, $"{prefix}{Guid.NewGuid():N}"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;

    /// <summary>Removes those of processes that have ended. What cannot be removed stays.</summary>
    public static void RemoveLeftovers(string? place)
    {
        try
        {
            foreach (string directory in Directory.EnumerateDirectories(place ?? Path.GetTempPath(), Prefix + "*"))
            {
                RemoveIfDead(directory);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    private static void RemoveIfDead(string directory)
    {
        try
        {
            string lockFile = Path.Combine(directory, "lock");
            if (!File.Exists(lockFile))
            {
                // Only when it is empty.
                Directory.Delete(directory);
                return;
            }

            using (new FileStream(lockFile, FileMode.Open, FileAccess.ReadWrite, FileShare.None, 1))
            {
                Directory.Delete(directory, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is in use, or somebody else's.
        }
    }
}
