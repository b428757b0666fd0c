namespace VProtect.Catalog.Views;

/// <summary>
/// The part of the catalog that a caller whose rights are limited works with. Everything else is not there for it: not in lists, counts and sums, not by its
/// guid, and not to be referred to. A machine is in it by itself, by its host, its manager or one of its policies; what belongs to a machine follows the machine.
/// <see cref="ViewSql"/> says table by table what that means.
/// </summary>
public sealed record CatalogView
{
    private static readonly AsyncLocal<CatalogView?> Ambient = new();
    private static readonly AsyncLocal<bool> Others = new();

    /// <summary>The view that sessions which are begun now are limited to; null when they see everything.</summary>
    public static CatalogView? Current => Ambient.Value;

    /// <summary>
    /// Whether sessions that are begun now also see what belongs to appliances that joined this one. Whoever only shows, does; whoever acts does not: the scheduler,
    /// retention, claims and the like then never meet what is another's.
    /// </summary>
    public static bool SeesOthers => Others.Value;

    /// <summary>Machines, each by itself.</summary>
    public IReadOnlyCollection<Guid> Machines { get; init; } = [];

    /// <summary>Hosts, with their machines.</summary>
    public IReadOnlyCollection<Guid> Hypervisors { get; init; } = [];

    /// <summary>Managers, with their hosts and machines.</summary>
    public IReadOnlyCollection<Guid> HypervisorManagers { get; init; } = [];

    /// <summary>Policies, with their rules and machines.</summary>
    public IReadOnlyCollection<Guid> Policies { get; init; } = [];

    /// <summary>Destinations, without the backups in them.</summary>
    public IReadOnlyCollection<Guid> Destinations { get; init; } = [];

    /// <summary>Whether the hosts and managers that machines in view run on are in it too.</summary>
    public bool ShowsPlatforms { get; init; }

    /// <summary>Whether the destinations that hold backups of machines in view are in it too.</summary>
    public bool ShowsDestinations { get; init; }

    /// <summary>Whether the policies of machines in view are in it too.</summary>
    public bool ShowsPolicies { get; init; }

    /// <summary>
    /// Limits all sessions that are begun by this flow of execution, and by what it calls, until the result is disposed of; null lifts a limit. Must be disposed of
    /// by the method that called it.
    /// </summary>
    public static IDisposable Limit(CatalogView? view)
    {
        var before = new Restore(Ambient.Value);
        Ambient.Value = view;
        return before;
    }

    /// <summary>Lets all sessions that are begun by this flow of execution see the others' too, until the result is disposed of, by the method that called it.</summary>
    public static IDisposable WithOthers()
    {
        var before = new RestoreOthers(Others.Value);
        Others.Value = true;
        return before;
    }

    private sealed class Restore(CatalogView? before) : IDisposable
    {
        public void Dispose() => Ambient.Value = before;
    }

    private sealed class RestoreOthers(bool before) : IDisposable
    {
        public void Dispose() => Others.Value = before;
    }
}
