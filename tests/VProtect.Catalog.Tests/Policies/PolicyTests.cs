using VProtect.Abstractions;
using VProtect.Catalog.Access;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Policies;

namespace VProtect.Catalog.Tests.Policies;

public sealed class PolicyTests
{
    [Theory, BothDatabases]
    public async Task Lists_show_the_policy_of_highest_priority(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Machine machine = catalog.NewMachine("one");
        Policy low = TestCatalog.NewPolicy("low", 10);
        Policy high = TestCatalog.NewPolicy("high", 90);
        Policy snapshots = TestCatalog.NewPolicy("low") with { Kind = PolicyKind.VmSnapshot };
        await catalog.WriteAsync(async tx =>
        {
            await tx.Machines.InsertAsync(machine, default);
            foreach (Policy policy in (Policy[])[low, high, snapshots])
            {
                await tx.Policies.InsertAsync(policy, default);
                await tx.Policies.AssignAsync(policy.Guid, machine.Guid, AssignmentSource.Auto, default);
                await tx.Policies.AssignAsync(policy.Guid, machine.Guid, AssignmentSource.Manual, default);
            }
        });
        async Task<(Guid?, Guid?)> Shown()
        {
            Machine now = await catalog.ReadAsync(session => session.Machines.GetAsync(machine.Guid, default));
            return (now.BackupPolicyGuid, now.SnapshotPolicyGuid);
        }

        Assert.Equal((high.Guid, snapshots.Guid), await Shown());
        Assert.Equal(
            AssignmentSource.Manual, Assert.Single(await catalog.ReadAsync(session => session.Policies.MachinesAsync(high.Guid, default))).AssignedBy);
        await catalog.WriteAsync(tx => tx.Policies.UnassignAsync(high.Guid, machine.Guid, default));
        Assert.Equal((low.Guid, snapshots.Guid), await Shown());
        await catalog.WriteAsync(tx => tx.Policies.DeleteAsync(low.Guid, null, default));
        Assert.Equal((null, snapshots.Guid), await Shown());
    }

    [Theory, BothDatabases]
    public async Task Rules_go_with_their_policy_and_destinations_stay_while_rules_use_them(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Policy policy = TestCatalog.NewPolicy("gold");
        var destination = catalog.NewDestination("vault");
        var rule = new Rule { Name = "nightly", PolicyGuid = policy.Guid };
        var schedule = new Schedule
        {
            Name = "at two",
            Type = ScheduleType.VmBackup,
            BackupType = VProtect.Catalog.RestorePoints.BackupType.Incremental,
            ExecutionType = ScheduleExecution.Time,
            Hour = TimeSpan.FromHours(2),
            DaysOfWeek = ["MONDAY"],
            NextRunAt = catalog.Clock.Now,
        };
        await catalog.WriteAsync(async tx =>
        {
            await tx.Policies.InsertAsync(policy, default);
            await tx.Policies.SetMatchesAsync(
                policy.Guid, [new PolicyMatch { PolicyGuid = policy.Guid, Kind = PolicyMatchKind.IncludeTag, Value = "prod" }], default);
            await tx.Destinations.InsertAsync(destination, default);
            await tx.Rules.InsertAsync(rule, default);
            await tx.RuleDestinations.InsertAsync(
                new RuleDestination { RuleGuid = rule.Guid, Role = DestinationRole.Primary, DestinationGuid = destination.Guid, KeepDaily = 7 }, default);
            await tx.Schedules.InsertAsync(schedule, default);
            await tx.Rules.SetSchedulesAsync(rule.Guid, [schedule.Guid], default);
        });

        Assert.Equal(rule.Guid, Assert.Single(await catalog.ReadAsync(session => session.Schedules.RulesAsync(schedule.Guid, default))));
        Assert.Equal("prod", Assert.Single(await catalog.ReadAsync(session => session.Policies.MatchesAsync([policy.Guid], default))).Value);
        Assert.Equal(7, Assert.Single(await catalog.ReadAsync(session => session.RuleDestinations.OfRulesAsync([rule.Guid], default))).KeepDaily);
        Assert.Equal(schedule.Guid, Assert.Single(await catalog.ReadAsync(session => session.Schedules.DueAsync(catalog.Clock.Now, default))).Guid);
        await catalog.WriteAsync(tx => tx.Schedules.SetNextRunAsync(schedule.Guid, catalog.Clock.Now, catalog.Clock.Now.AddDays(1), default));
        Assert.Empty(await catalog.ReadAsync(session => session.Schedules.DueAsync(catalog.Clock.Now, default)));
        Assert.Equal(
            ErrorCode.CatalogInUse,
            await TestCatalog.CodeOfAsync(() => catalog.WriteAsync(tx => tx.Destinations.DeleteAsync(destination.Guid, null, default))));

        await catalog.WriteAsync(tx => tx.Policies.DeleteAsync(policy.Guid, null, default));

        Assert.Null(await catalog.ReadAsync(session => session.Rules.FindAsync(rule.Guid, default)));
        await catalog.WriteAsync(tx => tx.Destinations.DeleteAsync(destination.Guid, null, default));
    }

    [Theory, BothDatabases]
    public async Task Permissions_come_from_own_roles_and_those_of_groups(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        var user = new User { Login = "Ada", CreatedAt = catalog.Clock.Now };
        var group = new Group { Name = "operators" };
        var view = new Role { Name = "viewer" };
        var run = new Role { Name = "operator" };
        await catalog.WriteAsync(async tx =>
        {
            await tx.Users.InsertAsync(user, default);
            await tx.Groups.InsertAsync(group, default);
            await tx.Groups.SetMembersAsync(group.Guid, [user.Guid], default);
            await tx.Roles.InsertManyAsync([view, run], default);
            await tx.Roles.SetPermissionsAsync(view.Guid, ["vm.read"], default);
            await tx.Roles.SetPermissionsAsync(run.Guid, ["task.run", "vm.read"], default);
            await tx.RoleAssignments.InsertAsync(new RoleAssignment { RoleGuid = view.Guid, UserGuid = user.Guid }, default);
            await tx.RoleAssignments.InsertAsync(
                new RoleAssignment { RoleGuid = run.Guid, GroupGuid = group.Guid, ScopeKind = "TENANT", ScopeValue = "blue" }, default);
        });

        Assert.Equal(user.Guid, (await catalog.ReadAsync(session => session.Users.FindByLoginAsync("aDA", default)))!.Guid);
        Assert.Equal(
            ["task.run TENANT", "vm.read ", "vm.read TENANT"],
            (await catalog.ReadAsync(session => session.Users.PermissionsAsync(user.Guid, default)))
                .Select(granted => $"{granted.Permission} {granted.ScopeKind}").Order(StringComparer.Ordinal));
        Assert.Equal(
            ErrorCode.CatalogInUse, await TestCatalog.CodeOfAsync(() => catalog.WriteAsync(tx => tx.Roles.DeleteAsync(run.Guid, null, default))));
    }

    [Theory, BothDatabases]
    public async Task Settings_are_guarded_by_their_version(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Assert.Equal(1, await catalog.WriteAsync(tx => tx.Settings.SetAsync("smtp.host", "\"a\"", 0, default)));
        Assert.Equal(2, await catalog.WriteAsync(tx => tx.Settings.SetAsync("smtp.host", "\"b\"", 1, default)));
        Assert.Equal(3, await catalog.WriteAsync(tx => tx.Settings.SetAsync("smtp.host", "\"c\"", null, default)));
        foreach (long stale in (long[])[0, 1, 7])
        {
            Assert.Equal(
                ErrorCode.CatalogConflict,
                await TestCatalog.CodeOfAsync(() => catalog.WriteAsync(tx => tx.Settings.SetAsync("smtp.host", "\"x\"", stale, default))));
        }

        Assert.Equal(
            ErrorCode.CatalogConflict, await TestCatalog.CodeOfAsync(() => catalog.WriteAsync(tx => tx.Settings.SetAsync("new", "1", 5, default))));
        Assert.Equal("\"c\"", Assert.Single(await catalog.ReadAsync(session => session.Settings.AllAsync(default))).Value);
    }
}
