using VProtect.Catalog;
using VProtect.Catalog.Policies;
using VProtect.Server.Api.Settings;
using VProtect.Server.Policies;

namespace VProtect.Server.Scheduling;

/// <summary>Until when machines are up to date, as <see cref="RpoWatch"/> has it, from the catalog.</summary>
internal sealed class RpoTerms(PolicyBook book, LiveSettings settings)
{
    /// <summary>Until when a good backup satisfies the policies of a machine; null when they ask for nothing.</summary>
    public async Task<DateTimeOffset?> DueAtAsync(CatalogSession session, Guid machine, DateTimeOffset lastSuccess, CancellationToken cancellationToken) =>
        (await DueAtAsync(session, [(machine, lastSuccess)], cancellationToken))[machine];

    /// <summary>The same for many machines at once.</summary>
    /// <param name="session">Where it is read.</param>
    /// <param name="machines">Machines and their last good backup; null for none, and then time counts from when they came into their first policy.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyDictionary<Guid, DateTimeOffset?>> DueAtAsync(
        CatalogSession session, IReadOnlyCollection<(Guid Machine, DateTimeOffset? LastSuccess)> machines, CancellationToken cancellationToken)
    {
        PolicyBook.Page page = await book.ReadAsync(session, cancellationToken);
        ILookup<Guid, PolicyMachine> links = (await session.Policies.OfMachinesAsync([.. machines.Select(machine => machine.Machine)], cancellationToken))
            .ToLookup(link => link.MachineGuid);
        TimeSpan allowance = TimeSpan.FromMilliseconds(settings.Current.RpoAllowance);
        return machines.ToDictionary(machine => machine.Machine, machine => links[machine.Machine].Any()
            ? RpoWatch.DueAt(
                links[machine.Machine].Select(link => page.Policies.GetValueOrDefault(link.PolicyGuid)).OfType<PolicyModel>(),
                page.Schedules,
                machine.LastSuccess ?? links[machine.Machine].Min(link => link.AssignedAt),
                allowance)
            : null);
    }
}
