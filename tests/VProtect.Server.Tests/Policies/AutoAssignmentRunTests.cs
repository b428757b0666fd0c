using Microsoft.Extensions.Logging.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Policies;
using VProtect.Server.Policies;
using VProtect.Testing;

namespace VProtect.Server.Tests.Policies;

public sealed class AutoAssignmentRunTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private CatalogDatabase _catalog = null!;

    public async Task InitializeAsync() =>
        _catalog = await CatalogDatabase.OpenAsync(new CatalogOptions { Path = Path.Combine(_directory.Path, "catalog.db") }, CancellationToken.None);

    public async Task DisposeAsync() => await _catalog.DisposeAsync();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Machines_join_and_move_and_a_second_run_changes_nothing()
    {
        Guid gold = await PolicyAsync("gold", 80, "prod");
        Guid silver = await PolicyAsync("silver", 50, "uat");
        Guid web = await MachineAsync("web-1", "prod", "uat");
        Guid test = await MachineAsync("web-2", "uat");
        await MachineAsync("web-3", "other");

        Assert.Equal(2, (await RunAsync()).Count);
        Assert.Equal((gold, silver), (await ShownAsync(web), await ShownAsync(test)));
        Assert.Empty(await RunAsync());

        await WriteAsync(transaction => transaction.Machines.SetTagsAsync(web, ["uat"], default));

        Assert.Equal(silver, Assert.Single(await RunAsync()).Joins);
        Assert.Equal(silver, await ShownAsync(web));
    }

    [Fact]
    public async Task A_policy_that_is_not_valid_keeps_its_machines_and_stops_no_other()
    {
        Guid broken = await PolicyAsync("broken", 90, "prod", settings: """{"timeZone":"Nowhere"}""");
        Guid gold = await PolicyAsync("gold", 80, "uat");
        Guid kept = await MachineAsync("web-1", "uat");
        Guid joins = await MachineAsync("web-2", "prod", "uat");
        await WriteAsync(transaction => transaction.Policies.AssignAsync(broken, kept, AssignmentSource.Auto, default));

        await RunAsync();

        Assert.Equal((broken, gold), (await ShownAsync(kept), await ShownAsync(joins)));
    }

    [Fact]
    public async Task A_policy_is_read_as_it_was_written()
    {
        Guid guid = await PolicyAsync("gold", 80, "prod", settings: """{"timeZone":"Asia/Tokyo"}""");
        await using CatalogSession session = await _catalog.ReadAsync(default);

        PolicyConfig read = Assert.Single(await PolicyReading.AllAsync(session, PolicyKind.VmBackup, default));

        Assert.Equal((guid, "Asia/Tokyo", "prod"), (read.Policy.Guid, read.TimeZone, Assert.Single(read.Matches).Value));
        Assert.Equal(7, Assert.Single(Assert.Single(read.Rules).Destinations).KeepDaily);
        Assert.Empty(await PolicyReading.AllAsync(session, PolicyKind.VmSnapshot, default));
    }

    private async Task<IReadOnlyList<AssignmentChange>> RunAsync() =>
        await new AutoAssignmentRun(_catalog, NullLogger<AutoAssignmentRun>.Instance).RunAsync(PolicyKind.VmBackup, default);

    private async Task<Guid?> ShownAsync(Guid machine)
    {
        await using CatalogSession session = await _catalog.ReadAsync(default);
        return (await session.Machines.GetAsync(machine, default)).BackupPolicyGuid;
    }

    private async Task<Guid> PolicyAsync(string name, int priority, string tag, string settings = "{}")
    {
        var policy = new Policy
        {
            Name = name,
            Kind = PolicyKind.VmBackup,
            Priority = priority,
            AutoAssignMode = AutoAssignMode.AssignAndRemove,
            Settings = settings,
        };
        var rule = new Rule { Name = "nightly", PolicyGuid = policy.Guid };
        var destination = new Destination { Name = name, Type = "FILESYSTEM" };
        await WriteAsync(async transaction =>
        {
            await transaction.Destinations.InsertAsync(destination, default);
            await transaction.Policies.InsertAsync(policy, default);
            await transaction.Policies.SetMatchesAsync(
                policy.Guid, [new PolicyMatch { PolicyGuid = policy.Guid, Kind = PolicyMatchKind.IncludeTag, Value = tag }], default);
            await transaction.Rules.InsertAsync(rule, default);
            await transaction.RuleDestinations.InsertAsync(
                PolicyConfigs.To(rule, DestinationRole.Primary) with { DestinationGuid = destination.Guid, KeepDaily = 7 }, default);
        });
        return policy.Guid;
    }

    private async Task<Guid> MachineAsync(string name, params string[] tags)
    {
        var machine = new Machine { Name = name, Uuid = name, Platform = "KVM", FirstSeenAt = DateTimeOffset.UnixEpoch };
        await WriteAsync(async transaction =>
        {
            await transaction.Machines.InsertAsync(machine, default);
            await transaction.Machines.SetTagsAsync(machine.Guid, tags, default);
        });
        return machine.Guid;
    }

    private async Task WriteAsync(Func<CatalogTransaction, Task> change)
    {
        await using CatalogTransaction transaction = await _catalog.BeginAsync(default);
        await change(transaction);
        await transaction.CommitAsync(default);
    }
}
