using FASTER.core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using VProtect.Abstractions;

namespace VProtect.ChunkIndex;

// Opening: the newest checkpoint that is whole in every respect, else the one before, else empty.
public sealed partial class FasterChunkIndex
{
    /// <summary>
    /// Opens the index in a directory, or makes one. What cannot be recovered beyond doubt is dropped, never guessed: then
    /// the index starts empty (<see cref="StartedEmptyBecause"/>) and the caller adds all packs again from their footers.
    /// After opening, the caller compares <see cref="Packs"/> with the repository: adds what is missing here, removes what
    /// is gone there.
    /// </summary>
    /// <param name="options">Where and how large.</param>
    /// <param name="logger">Told what was recovered; none when null.</param>
    /// <returns>The index; the caller disposes it.</returns>
    /// <exception cref="VProtectException"><see cref="ErrorCode.IndexFailed"/>: in use by another process, or the directory or its disk is unfit.</exception>
    public static FasterChunkIndex Open(ChunkIndexOptions options, ILogger? logger = null) =>
        Open(options, logger ?? NullLogger.Instance, static path => new IndexFile(path));

    internal static FasterChunkIndex Open(ChunkIndexOptions options, ILogger logger, Func<string, IndexFile> openFile)
    {
        ArgumentException.ThrowIfNullOrEmpty(options.Directory);
        string path = Path.GetFullPath(options.Directory);
        IndexDirectory directory = IndexDirectory.Open(path);
        ChangeJournal? journal = null;
        Recovered? recovered = null;
        try
        {
            journal = new ChangeJournal(directory.JournalPath, openFile);
            if (journal.DamagedRecords > 0)
            {
                Log.JournalDamaged(logger, path, journal.DamagedRecords);
            }

            recovered = Recover(options, directory, openFile, logger);
            recovered.Store.Fault.ThrowIfRaised(path);
            foreach (PackId pack in journal.RemovedPacks)
            {
                recovered.Packs.Remove(pack);
            }

            foreach (PackId pack in journal.QuarantinedPacks)
            {
                recovered.Packs.MarkQuarantine(pack);
            }

            return new FasterChunkIndex(options, directory, openFile, logger, journal, recovered);
        }
        catch (Exception exception)
        {
            recovered?.Store.Dispose();
            journal?.Dispose();
            directory.Dispose();
            if (exception is IOException or UnauthorizedAccessException)
            {
                throw IndexFault.ToException(path, exception);
            }

            throw;
        }
    }

    private static Recovered Recover(
        ChunkIndexOptions options, IndexDirectory directory, Func<string, IndexFile> openFile, ILogger logger)
    {
        List<ulong> checkpoints = directory.ListCheckpoints();
        ulong newest = checkpoints.Count > 0 ? checkpoints[0] : 0;
        List<ulong> logs = directory.ListLogs();
        string reason = logs.Count > 0 ? "it has no checkpoint." : "it is new.";
        foreach (ulong sequence in checkpoints)
        {
            CheckpointRecord? record = ReadCheckpoint(directory, openFile, sequence, out reason);
            if (record is not null)
            {
                var packs = new PackTable();
                var store = new IndexStore(options, directory, openFile, packs, record.Salt, record.LogNumber, entries: 0, otherBytes: 0);
                try
                {
                    // Newer ones that were passed over must not be believed in the future: the log is about to be cut.
                    foreach (ulong passedOver in checkpoints.Where(other => other > sequence))
                    {
                        File.Delete(directory.CheckpointPath(passedOver));
                    }

                    packs.Load(record.Packs, record.NextPackNumber);
                    store.Recover(record);
                    DeleteUnnamedLogs(directory, logs);
                    Log.Recovered(logger, directory.Root, record.Packs.Count, packs.EntryCount);
                    return new Recovered(store, packs, sequence, null);
                }
                catch (Exception exception) when (exception is FasterException or FormatException or ArgumentException)
                {
                    store.Dispose();
                    reason = exception.Message;
                }
                catch
                {
                    store.Dispose();
                    throw;
                }
            }

            Log.CheckpointUnusable(logger, directory.Root, sequence, reason);
        }

        directory.DeleteAllBut([]);
        Log.StartedEmpty(logger, directory.Root, reason);
        var empty = new PackTable();
        ulong number = logs.Count > 0 ? logs[0] + 1 : 1;
        var fresh = new IndexStore(
            options, directory, openFile, empty, IndexStore.DrawSalt(), number, options.ExpectedEntries, otherBytes: 0);
        return new Recovered(fresh, empty, newest, reason);
    }

    // What a rewriting left that did not come to a checkpoint.
    private static void DeleteUnnamedLogs(IndexDirectory directory, List<ulong> logs)
    {
        var named = directory.ListCheckpoints()
            .Select(sequence => CheckpointRecord.TryDecode(File.ReadAllBytes(directory.CheckpointPath(sequence)))?.LogNumber)
            .ToHashSet();
        foreach (ulong log in logs.Where(log => !named.Contains(log)))
        {
            File.Delete(directory.LogPath(log));
        }
    }

    private static CheckpointRecord? ReadCheckpoint(
        IndexDirectory directory, Func<string, IndexFile> openFile, ulong sequence, out string reason)
    {
        CheckpointRecord? record = CheckpointRecord.TryDecode(File.ReadAllBytes(directory.CheckpointPath(sequence)));
        if (record is null)
        {
            reason = "its record is damaged or of another version.";
            return null;
        }

        if (!File.Exists(directory.TablePath(record.TableToken)) || !File.Exists(directory.LogPath(record.LogNumber)))
        {
            reason = "its log or hash table is missing.";
            return null;
        }

        using (IndexFile log = openFile(directory.LogPath(record.LogNumber)))
        {
            if (log.LengthBytes < record.LogBytes)
            {
                reason = "its log is cut short.";
                return null;
            }
        }

        using IndexFile table = openFile(directory.TablePath(record.TableToken));
        bool isWhole = table.LengthBytes == record.TableBytes && Checksum.Of(table) == record.TableCrc;
        reason = isWhole ? string.Empty : "its hash table is damaged.";
        return isWhole ? record : null;
    }

    private sealed record Recovered(IndexStore Store, PackTable Packs, ulong Sequence, string? StartedEmptyBecause);
}
