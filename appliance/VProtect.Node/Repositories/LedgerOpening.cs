using VProtect.Abstractions;
using VProtect.ChunkIndex.Ledger;

namespace VProtect.Node.Repositories;

/// <summary>
/// Finds the ledger of references for this process: what collection knows from its last run. It lies in the slot of the chunk
/// index. It is worth something only when the same one is used each time, so the first slot is tried first, even by a
/// process whose index is in another; whichever is found free catches up with what other collections did.
/// </summary>
public static class LedgerOpening
{
    /// <summary>Opens the first that is free, or a temporary one that counts everything anew. The caller disposes it.</summary>
    /// <param name="state">Where this machine keeps what it knows of repositories, or null.</param>
    /// <param name="repositoryId">Of which repository.</param>
    /// <param name="warn">Told why a temporary one is used.</param>
    /// <param name="place">Directory for a temporary one; null for that of temporary files.</param>
    public static OpenedLedger Open(string? state, string repositoryId, Action<string> warn, string? place = null)
    {
        string? trouble = null;
        foreach (string slot in ChunkIndexOpening.SlotsOf(state, repositoryId))
        {
            try
            {
                return new OpenedLedger(ReferenceLedger.Open(new ReferenceLedgerOptions { Directory = slot }), temporaryDirectory: null);
            }
            catch (VProtectException e)
            {
                trouble = e.Message;
                if (e.Retry != RetryAdvice.Later)
                {
                    break;
                }
            }
        }

        warn($"{trouble ?? "There is no directory for state."} All restore points are counted anew: slower.");
        string temporary = TemporaryIndex.NewDirectory(place, "vprotect-ledger-");
        return new OpenedLedger(ReferenceLedger.Open(new ReferenceLedgerOptions { Directory = temporary }), temporary);
    }
}

/// <summary>A ledger, and the directory to remove with it when it was only for this run.</summary>
public sealed class OpenedLedger(ReferenceLedger ledger, string? temporaryDirectory) : IAsyncDisposable
{
    /// <summary>The ledger.</summary>
    public ReferenceLedger Ledger => ledger;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ledger.DisposeAsync();
        if (temporaryDirectory is not null)
        {
            Directory.Delete(temporaryDirectory, recursive: true);
        }
    }
}
