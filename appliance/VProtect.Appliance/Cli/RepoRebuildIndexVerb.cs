using System.CommandLine;
using System.Diagnostics;
using VProtect.Abstractions;
using VProtect.Mover.Store;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect repo rebuild-index</c></summary>
internal static class RepoRebuildIndexVerb
{
    public static Verb New(CommonOptions common, Terminal terminal)
    {
        Argument<string?> place = CommonOptions.NewRepoArgument();
        return new Verb(
            "rebuild-index",
            "Deletes this machine's chunk index of a repository and learns it again from the packs. The repository is only read.") { place }
            .WithExamples(("vprotect repo rebuild-index /backup/repo", "when in doubt about the index; a backup is not lost by it"))
            .Doing(common, terminal, (invocation, cancellationToken) => RunAsync(invocation, invocation.Parsed.GetValue(place), cancellationToken));
    }

    private static async Task<int> RunAsync(Invocation invocation, string? place, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        await using OpenedRepository opened = await RepositoryOpening.OpenWithIndexAsync(invocation, place, cancellationToken, startsEmpty: true);
        IndexSyncResult result = await opened.SynchronizeAsync(invocation, cancellationToken);
        await opened.Index.CheckpointAsync(invocation.Warn);
        TimeSpan duration = Stopwatch.GetElapsedTime(started);
        long chunks = opened.Index.Index.EntryCount;
        if (invocation.IsJson)
        {
            JsonOutput.Write(
                invocation.Terminal,
                new RebuildIndexDocument(
                    opened.Repository.Name, result.Packs, chunks, [.. result.Damaged.Select(damage => damage.Message)],
                    (long)duration.TotalMilliseconds));
        }
        else
        {
            invocation.Terminal.Out.WriteLine($"The index holds {Quantity.Of(chunks, "chunk")} of {Quantity.Of(result.Packs - result.Damaged.Count, "pack")}, learned in {SizeText.Of(duration)}.");
        }

        return result.Damaged.Count == 0 ? ExitCodes.Success : ExitCodes.DataDamaged;
    }
}
