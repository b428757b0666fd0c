using VProtect.Abstractions.Nodes;
using VProtect.Connectors.Contract;

namespace VProtect.Node.Execution;

/// <summary>Looks whether a platform can be used.</summary>
internal static class CheckPlatform
{
    public static async Task<WorkResult> RunAsync(CheckPlatformWork work, WorkContext context, CancellationToken cancellationToken)
    {
        context.Enter("checking the platform");
        await using IConnector connector = context.Connect(work.Platform);
        PlatformCheck check = await connector.CheckAsync(cancellationToken);
        return new CheckPlatformResult(check.IsUsable, check.Product, [.. check.Findings.Select(context.Journal.Clean)]);
    }
}
