using VProtect.Abstractions;
using VProtect.ChunkIndex.Ledger;

namespace VProtect.Appliance.Cli;

/// <summary>
/// Finds the ledger of references for this process: what collection knows from its last run. It lies in the slot of the chunk
/// index. It is worth something only when the same one is used each time, so the first slot is tried first, even by a
/// process whose index is in another; whichever is found free catches up with what other collections did.
/// </summary>
internal static class LedgerOpening
{
    /// <summary>Opens the first that is free, or a temporary one that counts everything anew.</summary>
    /// <param name="invocation">Of whom.</param>
    /// <param name="repositoryId">Of which repository.</param>
    public static OpenedLedger Open(Invocation invocation, string repositoryId)
    {
        string? trouble = null;
        foreach (string slot in ChunkIndexOpening.SlotsOf(invocation, repositoryId))
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

        invocation.Warn($"{trouble ?? "There is no directory for state."} All restore points are counted anew: slower.");
        string temporary = Directory.CreateTempSubdirectory("vprotect-ledger-").FullName;
        return new OpenedLedger(ReferenceLedger.Open(new ReferenceLedgerOptions { Directory = temporary }), temporary);
    }
}

/// <summary>A ledger, and the directory to remove with it when it was only for this run.</summary>
internal sealed class OpenedLedger(ReferenceLedger ledger, string? temporaryDirectory) : IAsyncDisposable
{
    public ReferenceLedger Ledger => ledger;

    public async ValueTask DisposeAsync()
    {
        await ledger.DisposeAsync();
        if (temporaryDirectory is not null)
        {
            Directory.Delete(temporaryDirectory, recursive: true);
        }
    }
}
