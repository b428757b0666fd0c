using VProtect.Abstractions.Nodes;
using VProtect.Connectors.Contract;

namespace VProtect.Node.Execution;

/// <summary>Removes what killed tasks left on a platform, and says so.</summary>
internal static class CleanUp
{
    public static async Task RunAsync(CleanUpWork work, WorkContext context, CancellationToken cancellationToken)
    {
        context.Enter("cleaning up");
        await using IConnector connector = context.Connect(work.Platform);
        IReadOnlyList<string> done = await connector.CleanUpAsync(work.RunningTasks.Append(context.TaskGuid).ToHashSet(StringComparer.Ordinal), cancellationToken);
        foreach (string line in done)
        {
            context.Note(line);
        }
    }
}
