using VProtect.Abstractions.Nodes;
using VProtect.Catalog;

namespace VProtect.Server.Tasks;

/// <summary>Has nodes remove what interrupted tasks left on platforms.</summary>
internal sealed class CleanUps(CatalogDatabase catalog, References references, Errands errands, FollowUps followUps)
{
    /// <summary>The node may have to start first, and platforms take their time.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromMinutes(10);

    /// <summary>Cleans up on these platforms.</summary>
    public void Soon(IEnumerable<Guid> sources)
    {
        foreach (Guid source in sources.Distinct())
        {
            followUps.Post($"Clean-up on platform {source}", cancellationToken => RunAsync(source, cancellationToken));
        }
    }

    /// <summary>Cleans up on a platform now.</summary>
    /// <exception cref="Abstractions.VProtectException">The platform or a node cannot be reached, or something could not be removed.</exception>
    public async Task RunAsync(Guid source, CancellationToken cancellationToken)
    {
        PlatformReference platform;
        List<string> running;
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            platform = await references.PlatformAsync(session, source, cancellationToken);
            running = [.. (await session.Tasks.RunningAsync(cancellationToken)).Select(task => task.Guid.ToString("D"))];
        }

        await errands.RunAsync(new CleanUpWork(platform, running), Timeout, cancellationToken);
    }
}
