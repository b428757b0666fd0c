using System.Text;
using System.Text.Json;
using VProtect.Abstractions.Nodes.Wire;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Mirror;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using VProtect.Catalog.Views;

namespace VProtect.Catalog.Tests.Mirror;

/// <summary>Goal: a server shows what its appliances have, as they have it, and lets none of them touch anything else. Method: an appliance's catalog and a server's.</summary>
public sealed class MirrorTests
{
    [Fact]
    public async Task Every_table_and_reference_is_mirrored_or_kept_on_purpose()
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(CatalogProvider.Sqlite);
        await using CatalogSession session = await catalog.Database.ReadAsync(default);
        string[] links = [.. MirrorTables.All.SelectMany(table => table.Links).Select(link => link.Name)];
        HashSet<string> mirrored = [.. MirrorTables.All.Select(table => table.Name), .. links];
        string[] kept =
        [
            "settings", "node_configs", "nodes", "destination_node_configs", "credentials", "mailing_lists", "users", "groups", "group_members", "roles", "role_permissions",
            "role_assignments", "api_tokens", "sessions", "audit", "idempotency", "schema_migrations", "appliances", "feeds", "feed_changes", "task_log", "task_checkpoints",
            "restore_point_counts", "restore_point_machine_counts", "task_counts",
        ];
        List<string> tables = await session.QueryAsync(
            $"SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name", row => row.GetString(0), default);
        Assert.Equal(tables, mirrored.Concat(kept).Order(StringComparer.Ordinal));

        foreach (string table in mirrored)
        {
            List<(string Column, string Target)> references = await session.QueryAsync(
                SqlText.Raw($"SELECT \"from\", \"table\" FROM pragma_foreign_key_list('{table}')"), row => (row.GetString(0), row.GetString(1)), default);
            Assert.All(references, reference => Assert.True(
                MirrorTables.Kept.Contains(reference.Column) || MirrorTables.References.GetValueOrDefault(reference.Column) == reference.Target, $"{table}.{reference.Column}"));
            List<(string Column, string Type, bool Needed)> columns = await session.QueryAsync(
                SqlText.Raw($"SELECT name, type, \"notnull\" FROM pragma_table_info('{table}')"), row => (row.GetString(0), row.GetString(1), row.GetInt64(2) == 1), default);
            Assert.Equal([.. MirrorTables.Bytes.Intersect(columns.Select(column => column.Column))], columns.Where(column => column.Type == "BLOB").Select(column => column.Column));
            Assert.DoesNotContain(columns, column => column.Needed && MirrorTables.Kept.Contains(column.Column));
            if (MirrorTables.All.FirstOrDefault(one => one.Name == table) is { } own)
            {
                Assert.Equal(own.Needs.Order(), columns.Where(column => column.Needed && references.Any(reference => reference.Column == column.Column)).Select(column => column.Column).Order());
            }
        }
    }

    [Theory, BothDatabases]
    public async Task What_an_appliance_has_is_shown_and_follows_its_changes(CatalogProvider provider)
    {
        await using TestCatalog site = await TestCatalog.CreateAsync(provider);
        await using Server server = await Server.CreateAsync(provider);
        Sample sample = await Sample.AddAsync(site);
        await site.WriteAsync(tx => tx.Feed.BeginAsync(default));
        await server.FollowAsync(site);
        using (CatalogView.WithOthers())
        {
            await using CatalogSession session = await server.Catalog.Database.ReadAsync(default);
            Machine machine = await session.Machines.GetAsync(sample.Machine.Guid, default);
            Assert.Equal((server.Appliance, sample.Machine.Name, sample.Policy.Guid), (machine.ApplianceGuid, machine.Name, machine.BackupPolicyGuid));
            Assert.Equal(["gold"], (await session.Machines.TagsAsync([machine.Guid], default))[machine.Guid]);
            Assert.Equal(sample.Policy.Guid, Assert.Single(await session.Policies.OfMachinesAsync([machine.Guid], default)).PolicyGuid);
            Destination destination = await session.Destinations.GetAsync(sample.Destination.Guid, default);
            Assert.Equal((sample.Destination.Name, null, 0), (destination.Name, destination.CredentialGuid, destination.SealedKey?.Length));
            Assert.Equal(sample.Point.SizeBytes, (await session.RestorePoints.GetAsync(sample.Point.Guid, default)).SizeBytes);
            Assert.Equal([destination.Guid], (await session.Destinations.ListAsync(new ListQuery { Filter = "main" }, default)).Rows.Where(row => row.ApplianceGuid is not null).Select(row => row.Guid));
            CatalogTask task = await session.Tasks.GetAsync(sample.Task.Guid, default);
            (long rows, long bytes) = await session.Mirror.SizeAsync(server.Appliance, default);
            Assert.Equal((9, true), (rows, bytes is > 1000 and < 10_000));
            Assert.Equal((0, 0), await session.Mirror.SizeAsync(Guid.NewGuid(), default));
            Assert.Equal((server.Appliance, TaskState.Queued), (task.NodeGuid, task.State));
            Assert.Equal(new Dictionary<Guid, Guid> { [machine.Guid] = server.Appliance, [task.Guid] = server.Appliance }, await session.Mirror.OwnersAsync([machine.Guid, task.Guid, Guid.NewGuid()], default));
        }

        // Changes, and rows that go with what they belong to.
        await site.WriteAsync(async tx =>
        {
            await tx.Machines.UpdateAsync(await tx.Machines.GetAsync(sample.Machine.Guid, default) with { Name = "renamed" }, default);
            await tx.Policies.UnassignAsync(sample.Policy.Guid, sample.Machine.Guid, default);
            await tx.Policies.DeleteAsync(sample.Policy.Guid, version: null, default);
            await tx.Policies.InsertAsync(TestCatalog.NewPolicy(sample.Policy.Name), default);
            await tx.RestorePoints.DeleteAsync(sample.Point.Guid, version: null, default);
            await tx.Destinations.DeleteAsync(sample.Destination.Guid, version: null, default);
        });
        await server.FollowAsync(site);
        using (CatalogView.WithOthers())
        {
            await using CatalogSession session = await server.Catalog.Database.ReadAsync(default);
            Machine machine = await session.Machines.GetAsync(sample.Machine.Guid, default);
            Assert.Equal(("renamed", null), (machine.Name, machine.BackupPolicyGuid));
            Assert.Empty(await session.Policies.OfMachinesAsync([machine.Guid], default));
            Assert.Null(await session.Rules.FindAsync(sample.Rule.Guid, default));
            Assert.Null(await session.RestorePoints.FindAsync(sample.Point.Guid, default));
            Assert.Null(await session.Destinations.FindAsync(sample.Destination.Guid, default));
            Assert.Equal(1, (await session.Policies.ListAsync(PolicyKind.VmBackup, tenant: null, new ListQuery(), default)).Total);
        }

        // Nothing more is to be told; and nothing is noted any more after the feed's end.
        Assert.Equal(0, await site.ReadAsync(session => session.Feed.PendingAsync(default)));
        await site.WriteAsync(tx => tx.Feed.EndAsync(default));
        await Sample.AddAsync(site);
        Assert.Equal(0, await site.ReadAsync(session => session.Feed.PendingAsync(default)));
    }

    [Theory, BothDatabases]
    public async Task Whoever_acts_does_not_meet_what_is_anothers(CatalogProvider provider)
    {
        await using TestCatalog site = await TestCatalog.CreateAsync(provider);
        await using Server server = await Server.CreateAsync(provider);
        Sample own = await Sample.AddAsync(server.Catalog);
        Sample sample = await Sample.AddAsync(site);
        await site.WriteAsync(tx => tx.Feed.BeginAsync(default));
        await server.FollowAsync(site);
        await using (CatalogSession session = await server.Catalog.Database.ReadAsync(default))
        {
            Assert.Null(await session.Machines.FindAsync(sample.Machine.Guid, default));
            Assert.Equal(own.Machine.Guid, Assert.Single((await session.Machines.ListAsync(new MachineFilter(), new ListQuery(), default)).Rows).Guid);
            Assert.Equal(1, (await session.RestorePoints.ListAsync(new RestorePointFilter(), new ListQuery(), default)).Total);
            Assert.Equal(1, Assert.Single(await session.RestorePoints.CountByStateAsync(machine: null, default)).Value);
            Assert.Equal(1, Assert.Single(await session.Tasks.CountByTypeAndStateAsync(default)).Count);
            Assert.Single((await session.Schedules.ListAsync(ScheduleType.VmBackup, tenant: null, new ListQuery(), default)).Rows);
        }

        // A node that asks for work gets the server's own, and then nothing.
        Node node = new() { Name = "local", State = NodeState.Online, EnrolledAt = server.Catalog.Clock.Now };
        await server.Catalog.WriteAsync(tx => tx.Nodes.InsertAsync(node, default));
        TaskClaim claim = new() { Node = node.Guid, Own = new OwnWork(node.Guid, []), Generation = 0, Types = [TaskType.Export], NodeRunningMax = 9 };
        Assert.Equal(own.Task.Guid, (await server.Catalog.WriteAsync(tx => tx.Tasks.ClaimNextAsync(claim, default)))?.Guid);
        Assert.Null(await server.Catalog.WriteAsync(tx => tx.Tasks.ClaimNextAsync(claim, default)));

        // An appliance that goes takes what it had, and nothing else.
        await server.Catalog.WriteAsync(async tx =>
        {
            await tx.Mirror.ClearAsync(server.Appliance, default);
            await tx.Appliances.DeleteAsync(server.Appliance, version: null, default);
            await tx.Nodes.DeleteAsync(server.Appliance, version: null, default);
        });
        using IDisposable others = CatalogView.WithOthers();
        Assert.Equal(1, (await server.Catalog.ReadAsync(session => session.RestorePoints.ListAsync(new RestorePointFilter(), new ListQuery(), default))).Total);
        Assert.NotNull(await server.Catalog.ReadAsync(session => session.Machines.FindAsync(own.Machine.Guid, default)));
    }

    [Theory, BothDatabases]
    public async Task Hostile_appliance_touches_no_row_of_another_and_refers_to_none(CatalogProvider provider)
    {
        await using TestCatalog site = await TestCatalog.CreateAsync(provider);
        await using Server server = await Server.CreateAsync(provider);
        Sample own = await Sample.AddAsync(server.Catalog);
        Sample sample = await Sample.AddAsync(site);
        await site.WriteAsync(tx => tx.Feed.BeginAsync(default));
        (FeedBatch batch, _) = (await site.ReadAsync(session => session.Feed.NextAsync(1000, default)))!.Value;
        FeedRow Of(string table) => batch.Rows.First(row => row.Table == table);
        FeedRow Named(FeedRow row, Guid guid, params (string Column, string Value)[] changes) => row with
        {
            Guid = guid.ToString("D"),
            Columns = row.Columns!.Concat(changes.Select(change => KeyValuePair.Create(change.Column, JsonSerializer.SerializeToElement(change.Value))))
                .GroupBy(column => column.Key).ToDictionary(group => group.Key, group => group.Last().Value),
        };

        Assert.Equal(0, await server.ApplyAsync(batch.Rows));
        FeedRow[] attacks =
        [
            Named(Of("machines"), own.Machine.Guid),
            Named(Of("restore_points"), own.Point.Guid),
            Named(Of("restore_points"), Guid.CreateVersion7(), ("machine_guid", own.Machine.Guid.ToString("D"))),
            Named(Of("rules"), Guid.CreateVersion7(), ("policy_guid", own.Policy.Guid.ToString("D"))),
        ];
        foreach (FeedRow attack in attacks)
        {
            Assert.Equal(1, await server.ApplyAsync([attack]));
        }

        await server.ApplyAsync(
        [
            new FeedRow("machines", own.Machine.Guid.ToString("D"), null, null),
            new FeedRow("restore_points", own.Point.Guid.ToString("D"), null, null),
            Named(Of("machines"), sample.Machine.Guid, ("backup_policy_guid", own.Policy.Guid.ToString("D")), ("appliance_guid", Guid.NewGuid().ToString("D")), ("no_such_column; DROP TABLE machines", "x")) with
            {
                Links = new Dictionary<string, IReadOnlyList<IReadOnlyDictionary<string, JsonElement>>>
                {
                    ["policy_machines"] =
                    [
                        new Dictionary<string, JsonElement>
                        {
                            ["policy_guid"] = JsonSerializer.SerializeToElement(own.Policy.Guid.ToString("D")), ["machine_guid"] = JsonSerializer.SerializeToElement(own.Machine.Guid.ToString("D")),
                            ["assigned_by"] = JsonSerializer.SerializeToElement("MANUAL"), ["assigned_at"] = JsonSerializer.SerializeToElement(1),
                        },
                    ],
                    ["role_permissions"] = [new Dictionary<string, JsonElement>()],
                },
            },
        ]);
        foreach (FeedRow strange in (FeedRow[])[new("users", Guid.NewGuid().ToString("D"), null, null), new("machines", "x", null, null), new("nodes", server.Appliance.ToString("D"), null, null)])
        {
            Assert.Equal(VProtect.Abstractions.ErrorCode.InvalidArgument, await TestCatalog.CodeOfAsync(() => server.ApplyAsync([strange])));
        }

        // What nobody could read is refused whole: it would be in the way of everybody's lists.
        foreach (FeedRow unreadable in (FeedRow[])
        [
            Named(Of("restore_points"), Guid.CreateVersion7(), ("base_guid", "x")), Named(Of("tasks"), Guid.CreateVersion7(), ("parameters", "{")),
            Named(Of("machines"), Guid.CreateVersion7(), ("pre_command_args", "{\"a\": 1}")),
            Named(Of("machines"), Guid.CreateVersion7()) with
            {
                Columns = Of("machines").Columns!.ToDictionary(column => column.Key, column => column.Key == "first_seen_at" ? JsonSerializer.SerializeToElement(long.MaxValue) : column.Value),
            },
        ])
        {
            Assert.Equal(VProtect.Abstractions.ErrorCode.InvalidArgument, await TestCatalog.CodeOfAsync(() => server.ApplyAsync([unreadable])));
        }

        using IDisposable others = CatalogView.WithOthers();
        await using CatalogSession session = await server.Catalog.Database.ReadAsync(default);
        Assert.Equal(own.Machine.Name, (await session.Machines.GetAsync(own.Machine.Guid, default)).Name);
        Assert.Equal(own.Machine.Guid, (await session.RestorePoints.GetAsync(own.Point.Guid, default)).MachineGuid);
        Assert.Equal(2, (await session.RestorePoints.ListAsync(new RestorePointFilter(), new ListQuery(), default)).Total);
        Machine theirs = await session.Machines.GetAsync(sample.Machine.Guid, default);
        Assert.Equal((server.Appliance, null), (theirs.ApplianceGuid, theirs.BackupPolicyGuid));
        Assert.Equal(own.Machine.Guid, Assert.Single(await session.Policies.MachinesAsync(own.Policy.Guid, default)).MachineGuid);
    }

    [Fact]
    public async Task No_secret_is_told()
    {
        await using TestCatalog site = await TestCatalog.CreateAsync(CatalogProvider.Sqlite);
        await Sample.AddAsync(site);
        await site.WriteAsync(tx => tx.Feed.BeginAsync(default));
        (FeedBatch batch, _) = (await site.ReadAsync(session => session.Feed.NextAsync(1000, default)))!.Value;
        string told = JsonSerializer.Serialize(batch, NodeWireJson.Default.FeedBatch);
        Assert.Contains("main", told, StringComparison.Ordinal);
        Assert.DoesNotContain(Sample.Secret, told, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes(Sample.Secret))[..12], told, StringComparison.Ordinal);
    }

    /// <summary>A catalog that an appliance has joined.</summary>
    private sealed class Server : IAsyncDisposable
    {
        public required TestCatalog Catalog { get; init; }

        public required Guid Appliance { get; init; }

        public static async Task<Server> CreateAsync(CatalogProvider provider)
        {
            TestCatalog catalog = await TestCatalog.CreateAsync(provider);
            var node = new Node { Name = "site2", State = NodeState.Online, EnrolledAt = catalog.Clock.Now };
            await catalog.WriteAsync(async tx =>
            {
                await tx.Nodes.InsertAsync(node, default);
                await tx.Appliances.InsertAsync(new JoinedAppliance { Guid = node.Guid }, default);
            });
            return new Server { Catalog = catalog, Appliance = node.Guid };
        }

        public async Task<int> ApplyAsync(IReadOnlyList<FeedRow> rows)
        {
            using IDisposable others = CatalogView.WithOthers();
            return await Catalog.WriteAsync(tx => tx.Mirror.ApplyAsync(Appliance, rows, default));
        }

        /// <summary>Takes all that an appliance has to tell, a few rows at a time.</summary>
        public async Task FollowAsync(TestCatalog site)
        {
            while (true)
            {
                (FeedBatch batch, IReadOnlyList<long> changes) = (await site.ReadAsync(session => session.Feed.NextAsync(2, default)))!.Value;
                if (batch.Rows.Count == 0)
                {
                    return;
                }

                Assert.Equal(0, await ApplyAsync(batch.Rows));
                await site.WriteAsync(tx => tx.Feed.AcknowledgeAsync(batch, changes, default));
            }
        }

        public ValueTask DisposeAsync() => Catalog.DisposeAsync();
    }

    /// <summary>A machine with a policy, a restore point and a task.</summary>
    private sealed record Sample(Machine Machine, Policy Policy, Rule Rule, Destination Destination, RestorePoint Point, CatalogTask Task)
    {
        public const string Secret = "correct horse battery staple";

        public static async Task<Sample> AddAsync(TestCatalog catalog)
        {
            string suffix = Guid.NewGuid().ToString("N")[..6];
            var credential = new Credential { Name = $"c{suffix}", Kind = CredentialKind.Password, Login = "root", Sealed = Encoding.UTF8.GetBytes(Secret), CreatedAt = catalog.Clock.Now, ChangedAt = catalog.Clock.Now };
            Destination destination = catalog.NewDestination($"main{suffix}") with { CredentialGuid = credential.Guid, SealedKey = Encoding.UTF8.GetBytes(Secret) };
            Policy policy = TestCatalog.NewPolicy($"gold{suffix}");
            Machine machine = catalog.NewMachine($"web{suffix}");
            var rule = new Rule { Name = "nightly", PolicyGuid = policy.Guid, Active = true };
            var schedule = new Schedule { Name = "nightly", Type = ScheduleType.VmBackup, BackupType = BackupType.Full, ExecutionType = ScheduleExecution.Cron, Cron = "0 1 * * *", TimeZone = "UTC" };
            RestorePoint point = catalog.NewPoint(machine, destination) with { PolicyGuid = policy.Guid, RuleGuid = rule.Guid, SizeBytes = 4711 };
            CatalogTask task = catalog.NewTask(TaskType.Export) with { MachineGuid = machine.Guid, RestorePointGuid = point.Guid };
            await catalog.WriteAsync(async tx =>
            {
                await tx.Credentials.InsertAsync(credential, default);
                await tx.Destinations.InsertAsync(destination, default);
                await tx.Policies.InsertAsync(policy, default);
                await tx.Rules.InsertAsync(rule, default);
                await tx.Schedules.InsertAsync(schedule, default);
                await tx.Machines.InsertAsync(machine, default);
                await tx.Machines.SetTagsAsync(machine.Guid, ["gold"], default);
                await tx.Policies.AssignAsync(policy.Guid, machine.Guid, AssignmentSource.Manual, default);
                await tx.RestorePoints.InsertAsync(point, default);
                await tx.Tasks.InsertAsync(task, default);
            });
            return new Sample(machine, policy, rule, destination, point, task);
        }
    }
}
