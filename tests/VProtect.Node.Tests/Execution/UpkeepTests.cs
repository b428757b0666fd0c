using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends;
using VProtect.Testing.FakePlatform;

namespace VProtect.Node.Tests.Execution;

public sealed class UpkeepTests
{
    [Fact]
    public async Task Forgetting_and_collecting_gives_space_back()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        FakeMachine other = await node.AddMachineAsync("db1");
        BackupResult gone = await node.SucceedAsync<BackupResult>(node.BackupOf(machine));
        BackupResult kept = await node.SucceedAsync<BackupResult>(node.BackupOf(other));

        TaskOutcome forgotten = await node.DoAsync(new ForgetWork(node.Repository, [gone.PointId, "00000000000000000000000000000000"]));
        TaskOutcome again = await node.DoAsync(new ForgetWork(node.Repository, [gone.PointId]));
        CollectWorkResult collected = await node.SucceedAsync<CollectWorkResult>(new CollectWork(node.Repository));

        Assert.Equal((TaskEnd.Succeeded, TaskEnd.Succeeded), (forgotten.End, again.End));
        Assert.Equal(1, collected.PointsRemoved);
        Assert.InRange(collected.FreedBytes, gone.Disks[0].StoredBytes, long.MaxValue);
        RepositoryResult repository = await node.SucceedAsync<RepositoryResult>(new OpenRepositoryWork(node.Repository, CreatesIfMissing: true));
        Assert.Equal(kept.PointId, Assert.Single(repository.Points).PointId);
        Assert.False(repository.WasCreated);
        VerifyWorkResult verified = await node.SucceedAsync<VerifyWorkResult>(new VerifyWork(node.Repository, 100, BytesPerSecondMax: null));
        Assert.Equal((0, 0), (verified.BadChunks, verified.TouchedPoints.Count));
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_restore_point_that_is_held_is_not_forgotten_and_the_others_are()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        BackupResult held = await node.SucceedAsync<BackupResult>(node.BackupOf(machine));
        BackupResult other = await node.SucceedAsync<BackupResult>(node.BackupOf(machine));
        await using (Repository repository = await Repository.OpenAsync(RepositoryStores.Open(node["repository"], create: false), null, TimeProvider.System, default))
        {
            await repository.HoldAsync(await repository.FindPointAsync(held.PointId, null, default), "evidence", default);
        }

        TaskFault fault = await node.FailAsync(new ForgetWork(node.Repository, [held.PointId, other.PointId]));

        Assert.Equal(ErrorCode.RestorePointHeld, fault.Code);
        RepositoryResult left = await node.SucceedAsync<RepositoryResult>(new OpenRepositoryWork(node.Repository, CreatesIfMissing: false));
        FoundPoint point = Assert.Single(left.Points);
        Assert.Equal((held.PointId, true), (point.PointId, point.IsHeld));
    }

    [Fact]
    public async Task Verification_names_what_damage_touches()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        BackupResult backup = await node.SucceedAsync<BackupResult>(node.BackupOf(machine));
        string pack = Directory.EnumerateFiles(node["repository/packs"], "*", SearchOption.AllDirectories).MaxBy(file => new FileInfo(file).Length)!;
        byte[] bytes = File.ReadAllBytes(pack);
        bytes[bytes.Length / 3] ^= 1;
        Tool.Run("chmod", "u+w", pack);
        File.WriteAllBytes(pack, bytes);

        VerifyWorkResult result = await node.SucceedAsync<VerifyWorkResult>(new VerifyWork(node.Repository, 100, BytesPerSecondMax: 1L << 30));

        Assert.Equal(1, result.BadChunks);
        Assert.Equal([backup.PointId], result.TouchedPoints);
        TaskFault refused = await node.FailAsync(new VerifyWork(node.Repository, 0, BytesPerSecondMax: null));
        Assert.Equal(ErrorCode.InvalidArgument, refused.Code);
    }

    [Fact]
    public async Task Two_backups_and_a_collection_work_beside_each_other_in_one_repository()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine first = await node.AddMachineAsync("web1");
        FakeMachine second = await node.AddMachineAsync("web22");
        BackupResult old = await node.SucceedAsync<BackupResult>(node.BackupOf(await node.AddMachineAsync("gone")));
        await node.DoAsync(new ForgetWork(node.Repository, [old.PointId]));
        string pause = node.Datacenter.Order(new Fault(FakeStep.Read, FaultKind.Pause));
        string[] backups = [node.Channel.Give(node.BackupOf(first)), node.Channel.Give(node.BackupOf(second))];
        await node.Channel.WaitForStageAsync(backups[0], "copying");
        await node.Channel.WaitForStageAsync(backups[1], "copying");

        string collection = node.Channel.Give(new CollectWork(node.Repository));
        string anotherCollection = node.Channel.Give(new CollectWork(node.Repository));
        Assert.Equal(TaskEnd.Succeeded, (await node.Channel.WaitAsync(collection)).End);
        node.Datacenter.LiftAll();
        var results = new List<BackupResult>();
        foreach (string backup in backups)
        {
            results.Add(Assert.IsType<BackupResult>((await node.Channel.WaitAsync(backup)).Result));
        }

        Assert.Equal(TaskEnd.Succeeded, (await node.Channel.WaitAsync(anotherCollection)).End);
        await node.SucceedAsync<CollectWorkResult>(new CollectWork(node.Repository));
        VerifyWorkResult verified = await node.SucceedAsync<VerifyWorkResult>(new VerifyWork(node.Repository, 100, BytesPerSecondMax: null));
        Assert.Equal((0, 0), (verified.BadChunks, verified.TouchedPoints.Count));
        foreach ((FakeMachine machine, BackupResult result) in new[] { first, second }.Zip(results))
        {
            await node.SucceedAsync<RestoreResult>(new RestoreFilesWork(node.Repository, result.PointId, ["disk-0"], node[$"restored-{machine.Name}"], "raw", IsSparse: true));
            Assert.Equal(await node.Datacenter.ReadAsync(machine.Uuid, "disk-0"), File.ReadAllBytes(node[$"restored-{machine.Name}/disk-0.raw"]));
        }

        // Nobody needed an index of his own.
        Assert.Single(Directory.EnumerateDirectories(Directory.EnumerateDirectories(node["state/index"]).Single()));
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_new_repository_tells_its_recovery_key_once_and_writes_it_nowhere()
    {
        await using TestNode node = await TestNode.StartAsync();
        RepositoryReference reference = node.Repository with { Location = node["encrypted"], Secret = TestNode.PassPhrase };
        bool wasKept = false;
        node.Channel.OnComplete = _ => wasKept = Directory.EnumerateFileSystemEntries(node["state/outcomes"]).Any();

        RepositoryResult made = await node.SucceedAsync<RepositoryResult>(new OpenRepositoryWork(reference, CreatesIfMissing: true));
        RepositoryResult again = await node.SucceedAsync<RepositoryResult>(new OpenRepositoryWork(reference, CreatesIfMissing: true));
        RepositoryResult recovered = await node.SucceedAsync<RepositoryResult>(
            new OpenRepositoryWork(reference with { Secret = made.RecoveryKey }, CreatesIfMissing: false));
        TaskFault wrong = await node.FailAsync(new OpenRepositoryWork(reference with { Secret = "not this one" }, CreatesIfMissing: false));

        Assert.True(made.WasCreated);
        Assert.NotNull(Secret.FromText(made.RecoveryKey!));
        Assert.Equal((false, null), (again.WasCreated, again.RecoveryKey));
        Assert.Equal(made.RepositoryId, recovered.RepositoryId);
        Assert.Equal(ErrorCode.WrongKey, wrong.Code);
        Assert.True(wasKept);
        await node.NothingIsLeftAsync();
        Assert.DoesNotContain(made.RecoveryKey!, node.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repository_is_made_only_where_nothing_else_lies()
    {
        await using TestNode node = await TestNode.StartAsync();
        Directory.CreateDirectory(node["taken"]);
        File.WriteAllText(node["taken/letters.txt"], "dear");

        TaskFault taken = await node.FailAsync(new OpenRepositoryWork(node.Repository with { Location = node["taken"] }, CreatesIfMissing: true));
        TaskFault missing = await node.FailAsync(new OpenRepositoryWork(node.Repository with { Location = node["taken"] }, CreatesIfMissing: false));
        TaskFault relative = await node.FailAsync(new OpenRepositoryWork(node.Repository with { Location = "relative" }, CreatesIfMissing: true));

        Assert.Equal(ErrorCode.RepositoryInvalid, taken.Code);
        Assert.Equal(ErrorCode.RepositoryNotFound, missing.Code);
        Assert.Equal(ErrorCode.InvalidArgument, relative.Code);
        Assert.Equal(["letters.txt"], Directory.EnumerateFileSystemEntries(node["taken"]).Select(entry => Path.GetFileName(entry)));
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Another_repository_in_the_place_of_an_open_one_is_noticed()
    {
        await using TestNode node = await TestNode.StartAsync();
        RepositoryResult first = await node.SucceedAsync<RepositoryResult>(new OpenRepositoryWork(node.Repository, CreatesIfMissing: false));
        Directory.Move(node["repository"], node["moved"]);

        TaskFault missing = await node.FailAsync(new OpenRepositoryWork(node.Repository, CreatesIfMissing: false));
        RepositoryResult second = await node.SucceedAsync<RepositoryResult>(new OpenRepositoryWork(node.Repository, CreatesIfMissing: true));

        Assert.Equal(ErrorCode.RepositoryNotFound, missing.Code);
        Assert.NotEqual(first.RepositoryId, second.RepositoryId);
    }

    [Fact]
    public async Task A_verification_that_is_slow_on_purpose_ends_at_once_when_cancelled()
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.SucceedAsync<BackupResult>(node.BackupOf(await node.AddMachineAsync()));
        string task = node.Channel.Give(new VerifyWork(node.Repository, 100, BytesPerSecondMax: 1));
        await node.Channel.WaitForStageAsync(task, "verifying");

        node.Channel.Stop(task, TaskDirective.Cancel);

        Assert.Equal(TaskEnd.Cancelled, (await node.Channel.WaitAsync(task)).End);
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_repository_that_nobody_uses_is_closed()
    {
        await using TestNode node = await TestNode.StartAsync(node => node.Options = node.Options with { RepositoryIdleTime = TimeSpan.Zero });

        Assert.Contains("Closed repository", node.Log, StringComparison.Ordinal);
        await node.SucceedAsync<BackupResult>(node.BackupOf(await node.AddMachineAsync()));
        await node.NothingIsLeftAsync();
    }
}
