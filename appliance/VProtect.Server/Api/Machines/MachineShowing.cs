using System.Globalization;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using VProtect.Server.Api.Backups;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Machines;

/// <summary>Machines as clients see them, with the names of all they refer to: a query for each table, not for each machine.</summary>
internal sealed class MachineShowing
{
    /// <summary>Backups that are shown of one machine; all of them are in the list of backups.</summary>
    private const int BackupsShown = 20;

    private readonly CatalogSession _session;
    private readonly NameLookup _hypervisors;
    private readonly NameLookup _managers;
    private readonly NameLookup _clusters;
    private readonly NameLookup _policies;
    private readonly NameLookup _appliances;
    private readonly ILookup<Guid, string> _tags;
    private readonly ILookup<Guid, PolicyMachine> _assigned;
    private readonly DateTimeOffset _now;

    private MachineShowing(
        CatalogSession session, NameLookup hypervisors, NameLookup managers, NameLookup clusters, NameLookup policies, NameLookup appliances,
        ILookup<Guid, string> tags, ILookup<Guid, PolicyMachine> assigned, DateTimeOffset now)
    {
        _session = session;
        _hypervisors = hypervisors;
        _managers = managers;
        _clusters = clusters;
        _policies = policies;
        _appliances = appliances;
        _tags = tags;
        _assigned = assigned;
        _now = now;
    }

    public static async Task<MachineShowing> OfAsync(CatalogSession session, IReadOnlyList<Machine> machines, DateTimeOffset now, CancellationToken cancellationToken)
    {
        Guid[] guids = [.. machines.Select(machine => machine.Guid)];
        IReadOnlyList<PolicyMachine> assigned = await session.Policies.OfMachinesAsync(guids, cancellationToken);
        return new MachineShowing(
            session,
            await NameLookup.OfAsync(session.Hypervisors, machines.Select(machine => machine.HypervisorGuid), cancellationToken),
            await NameLookup.OfAsync(session.HypervisorManagers, machines.Select(machine => machine.HypervisorManagerGuid), cancellationToken),
            await NameLookup.OfAsync(session.HypervisorClusters, machines.Select(machine => machine.ClusterGuid), cancellationToken),
            await NameLookup.OfAsync(session.Policies, assigned.Select(link => (Guid?)link.PolicyGuid), cancellationToken),
            await NameLookup.OfAsync(session.Nodes, machines.Select(machine => machine.ApplianceGuid), cancellationToken),
            await session.Machines.TagsAsync(guids, cancellationToken),
            assigned.ToLookup(link => link.MachineGuid),
            now);
    }

    /// <summary>A machine in a list.</summary>
    public MachineView View(Machine machine) => new(
        machine.Guid,
        machine.Name,
        machine.Uuid,
        _hypervisors[machine.HypervisorGuid],
        _managers[machine.HypervisorManagerGuid],
        new NamedValue(machine.Platform),
        machine.HypervisorManagerGuid is null ? null : new NamedValue(machine.Platform),
        _clusters[machine.ClusterGuid],
        machine.Project,
        machine.TenantId,
        _policies[machine.BackupPolicyGuid],
        _policies[machine.SnapshotPolicyGuid],
        [.. _assigned[machine.Guid].Select(link => _policies.Of(link.PolicyGuid))],
        machine.RpoDueAt is { } due ? due > _now : machine.LastSuccessAt is not null,
        machine.RpoDueAt,
        Backups: null,
        Tasks: null,
        LastStoredSnapshot: null,
        machine.LastBackupAt,
        machine.LastBackupState,
        machine.LastSuccessAt,
        machine.LastSuccessBytes,
        machine.LastFullAt,
        machine.LastFullBytes,
        machine.Present,
        machine.PowerState,
        machine.GuestOs,
        machine.CpuCount,
        machine.MemoryBytes,
        machine.ProvisionedBytes,
        machine.FirstSeenAt,
        machine.LastSeenAt,
        [.. _tags[machine.Guid]],
        NamedValue.Of(machine.ExportMode),
        machine.Quiesce,
        machine.SshHost,
        machine.SshPort,
        machine.SshUser,
        machine.SshKeyPath,
        machine.SshCredentialGuid is not null,
        machine.PreCommandEnabled,
        machine.PreCommandArgs,
        Codes(machine.PreCommandIgnoredExitCodes),
        machine.PreCommandErrors,
        machine.PostCommandEnabled,
        machine.PostCommandArgs,
        Codes(machine.PostCommandIgnoredExitCodes),
        machine.PostCommandErrors,
        machine.WarningsPresent,
        machine.RestoreStatus,
        _appliances[machine.ApplianceGuid]);

    /// <summary>Machines with their backups, tasks and snapshot.</summary>
    public async Task<IReadOnlyDictionary<Guid, MachineView>> DetailedAsync(IReadOnlyList<Machine> machines, CancellationToken cancellationToken)
    {
        Guid[] guids = [.. machines.Select(machine => machine.Guid)];
        IReadOnlyDictionary<Guid, IReadOnlyList<RestorePoint>> backups = await _session.RestorePoints.GoodOfMachinesAsync(guids, BackupsShown, cancellationToken);
        ILookup<Guid?, CatalogTask> tasks = await _session.Tasks.OpenOfMachinesAsync(guids, cancellationToken);
        IReadOnlyDictionary<Guid, Snapshot> snapshots = await _session.Snapshots.NewestOfMachinesAsync(guids, cancellationToken);
        return machines.ToDictionary(machine => machine.Guid, machine => View(machine) with
        {
            Backups = [.. backups[machine.Guid].Select(point => BackupView.ReferenceTo(point))],
            Tasks = [.. tasks[machine.Guid].Select(task => new NameAndGuid(task.Guid, ApiName.Of(task.Type)))],
            LastStoredSnapshot = snapshots.TryGetValue(machine.Guid, out Snapshot? snapshot) ? new NameAndGuid(snapshot.Guid, snapshot.Name) : null,
        });
    }

    internal static List<int> Codes(IReadOnlyList<string> codes) => [.. codes.Select(code => int.Parse(code, CultureInfo.InvariantCulture))];
}
