using VProtect.Catalog;
using VProtect.Catalog.Policies;
using VProtect.Server.Scheduling;

namespace VProtect.Server.Policies;

/// <summary>
/// Policies and schedules that can act, kept in memory until one of them changes: they are asked for after every backup. Safe for any number of callers.
/// </summary>
internal sealed class PolicyBook
{
    private Page? _page;
    private long _edition;

    /// <summary>Grows whenever something may have changed.</summary>
    public long Edition => Interlocked.Read(ref _edition);

    /// <summary>Who asks next reads the catalog again.</summary>
    public void Forget()
    {
        Interlocked.Increment(ref _edition);
        Volatile.Write(ref _page, null);
    }

    /// <summary>What holds now.</summary>
    public async Task<Page> ReadAsync(CatalogSession session, CancellationToken cancellationToken)
    {
        long edition = Edition;
        if (Volatile.Read(ref _page) is { } kept)
        {
            return kept;
        }

        IReadOnlyList<PolicyModel> backups = await ValidPolicies.AllAsync(session, PolicyKind.VmBackup, cancellationToken);
        IReadOnlyList<PolicyModel> snapshots = await ValidPolicies.AllAsync(session, PolicyKind.VmSnapshot, cancellationToken);
        var page = new Page(backups.Concat(snapshots).ToDictionary(policy => policy.Guid), await ValidSchedules.AllAsync(session, cancellationToken));
        if (edition == Edition)
        {
            Volatile.Write(ref _page, page);
        }

        return page;
    }

    /// <param name="Policies">By identity.</param>
    /// <param name="Schedules">By identity.</param>
    internal sealed record Page(IReadOnlyDictionary<Guid, PolicyModel> Policies, IReadOnlyDictionary<Guid, ScheduleModel> Schedules)
    {
        /// <summary>Rules of all policies, by identity.</summary>
        public IReadOnlyDictionary<Guid, RuleModel> Rules { get; } =
            Policies.Values.SelectMany(policy => policy.Rules).ToDictionary(rule => rule.Guid);
    }
}
