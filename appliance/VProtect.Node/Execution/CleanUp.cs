using VProtect.Abstractions.Nodes;
using VProtect.Connectors.Contract;

namespace VProtect.Node.Execution;

/// <summary>Removes what killed tasks left on a platform, and says so.</summary>
internal static class CleanUp
{
    /// <param name="work">What to do.</param>
    /// <param name="working">Tasks at work on this node: the server may have told of work since it gave the order.</param>
    /// <param name="context">Around it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task RunAsync(CleanUpWork work, IReadOnlyList<string> working, WorkContext context, CancellationToken cancellationToken)
    {
        context.Enter("cleaning up");
        await using IConnector connector = context.Connect(work.Platform);
        HashSet<string> spared = work.RunningTasks.Concat(working).Append(context.TaskGuid).ToHashSet(StringComparer.Ordinal);
        IReadOnlyList<string> done = await connector.CleanUpAsync(spared, cancellationToken);
        foreach (string line in done)
        {
            context.Note(line);
        }
    }
}
