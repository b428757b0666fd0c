using System.Text;
using VProtect.Abstractions;
using VProtect.Connectors.Contract;
using VProtect.Testing;
using VProtect.Testing.FakePlatform;

namespace VProtect.Connectors.Tests.Fake;

/// <summary>What tests of others rely on beyond the suite: faults happen as ordered, commands run, freezing fails as told.</summary>
public sealed class FakePlatformTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeDatacenter _datacenter;
    private readonly FakeMachine _machine;
    private readonly IConnector _connector;

    public FakePlatformTests()
    {
        _datacenter = FakeDatacenter.Create(_directory["datacenter"]);
        _machine = _datacenter.AddMachine("vm", 1 << 20, 1 << 20);
        _connector = new FakePlatform().Open(new ConnectorEndpoint(_datacenter.Path, "", Secret: null, new Dictionary<string, string>()));
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Command_runs_with_its_environment_and_is_logged()
    {
        GuestCommandResult result = await RunAsync(["sh", "-c", "echo $VP_VM_NAME; echo oops >&2; exit 3"], TimeSpan.FromMinutes(1));
        Assert.Equal((3, "web", "oops"), (result.ExitCode, result.Output.Trim(), result.Error.Trim()));
        Assert.Contains("VP_VM_NAME", Assert.Single(_datacenter.GuestLog(_machine.Uuid)), StringComparison.Ordinal);
        _datacenter.Change(_machine.Uuid, machine => machine with
        {
            Guest = new FakeGuest { Commands = new Dictionary<string, GuestCommandResult> { ["sync"] = new(0, "done", "") } },
        });
        Assert.Equal("done", (await RunAsync(["sync"], TimeSpan.FromMinutes(1))).Output);
    }

    [Fact]
    public async Task Command_that_does_not_end_is_given_up()
    {
        VProtectException failure = await Assert.ThrowsAsync<VProtectException>(() => RunAsync(["sleep", "600"], TimeSpan.FromMilliseconds(50)));
        Assert.Equal(ErrorCode.PlatformFailed, failure.Code);
    }

    [Fact]
    public async Task Freeze_that_fails_is_a_warning_or_the_end()
    {
        _datacenter.Order(new Fault(FakeStep.BackupFreeze, FaultKind.Fail));
        await using (IBackupAccess access = await _connector.OpenBackupAsync(Opening(QuiesceMode.Try), CancellationToken.None))
        {
            Assert.Contains("frozen", Assert.Single(access.Warnings), StringComparison.Ordinal);
        }

        VProtectException failure = await Assert.ThrowsAsync<VProtectException>(() => _connector.OpenBackupAsync(Opening(QuiesceMode.Require), CancellationToken.None));
        Assert.Equal(ErrorCode.QuiesceFailed, failure.Code);
        Assert.Empty(_datacenter.Leftovers());
    }

    [Fact]
    public async Task Read_fails_where_it_was_ordered_and_only_there()
    {
        _datacenter.Order(new Fault(FakeStep.Read, FaultKind.Fail) { OffsetBytes = 700_000 });
        await using IBackupAccess access = await _connector.OpenBackupAsync(Opening(QuiesceMode.No), CancellationToken.None);
        await using IBlockSource source = await ((DiskEndpoint.Source)access.Disks[0].Endpoint).OpenAsync(CancellationToken.None);
        Assert.Equal(4096, await source.ReadAsync(0, new byte[4096], CancellationToken.None));
        VProtectException failure = await Assert.ThrowsAsync<VProtectException>(async () => await source.ReadAsync(655_360, new byte[65_536], CancellationToken.None));
        Assert.Equal((ErrorCode.SourceReadFailed, ErrorSide.Source), (failure.Code, failure.Side));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Snapshot_that_fails_at_a_step_leaves_nothing(int passes)
    {
        _datacenter.Order(new Fault(FakeStep.SnapshotCopy, FaultKind.Fail) { Passes = passes });
        var creation = new SnapshotCreation(Guid.NewGuid().ToString(), _machine.Uuid, "vprotect-x", QuiesceMode.Require);
        await Assert.ThrowsAsync<VProtectException>(() => _connector.CreateSnapshotAsync(creation, CancellationToken.None));
        Assert.Empty(_datacenter.Leftovers());
        Assert.Empty(await _connector.ListSnapshotsAsync(_machine.Uuid, CancellationToken.None));
    }

    [Fact]
    public async Task Pause_lasts_until_it_is_lifted_and_what_fails_to_close_is_told_and_cleaned_up()
    {
        string pause = _datacenter.Order(new Fault(FakeStep.BackupOpened, FaultKind.Pause));
        Task<IBackupAccess> opening = _connector.OpenBackupAsync(Opening(QuiesceMode.No), CancellationToken.None);
        await _datacenter.WaitForHitAsync(pause, CancellationToken.None);
        Assert.False(opening.IsCompleted);
        Assert.NotEmpty(_datacenter.Leftovers());
        _datacenter.Lift(pause);
        IBackupAccess access = await opening;
        _datacenter.Order(new Fault(FakeStep.BackupClose, FaultKind.Fail));
        await access.DisposeAsync();
        Assert.NotEmpty(access.Warnings);
        Assert.NotEmpty(_datacenter.Leftovers());
        Assert.NotEmpty(await _connector.CleanUpAsync(new HashSet<string>(), CancellationToken.None));
        Assert.Empty(_datacenter.Leftovers());
    }

    [Fact]
    public async Task Two_backups_that_build_upon_their_own_parents_both_get_deltas()
    {
        Dictionary<string, ParentDisk> first = await BackUpAsync([]);
        Dictionary<string, ParentDisk> second = await BackUpAsync([]);
        await _datacenter.WriteAsync(_machine.Uuid, "disk-0", 4096, Encoding.ASCII.GetBytes("changed"));
        Assert.Equal(2, _datacenter.CheckpointCount(_machine.Uuid));
        _ = await BackUpAsync(first, expectsDelta: true);
        _ = await BackUpAsync(second, expectsDelta: true);
        Assert.Equal(2, _datacenter.CheckpointCount(_machine.Uuid));
    }

    private async Task<Dictionary<string, ParentDisk>> BackUpAsync(Dictionary<string, ParentDisk> parents, bool expectsDelta = false)
    {
        var next = new Dictionary<string, ParentDisk>();
        await using IBackupAccess access = await _connector.OpenBackupAsync(Opening(QuiesceMode.No) with { Parents = parents }, CancellationToken.None);
        foreach (BackupAccessDisk disk in access.Disks)
        {
            await using IBlockSource source = await ((DiskEndpoint.Source)disk.Endpoint).OpenAsync(CancellationToken.None);
            next.Add(disk.Id, new ParentDisk("point", source.SizeBytes!.Value, source.NextToken));
            if (expectsDelta)
            {
                ChangedBlocks changes = await source.GetChangedBlocksAsync(parents[disk.Id], CancellationToken.None);
                Assert.Equal(disk.Id == "disk-0" ? 1 : 0, Assert.IsType<ChangedBlocks.Delta>(changes).Extents.Count);
            }
        }

        await access.CommittedAsync(CancellationToken.None);
        return next;
    }

    private BackupOpening Opening(QuiesceMode quiesce) =>
        new(Guid.NewGuid().ToString(), _machine.Uuid, new HashSet<string>(), quiesce, new Dictionary<string, ParentDisk>());

    private Task<GuestCommandResult> RunAsync(string[] arguments, TimeSpan timeout) => _connector.RunInGuestAsync(
        new GuestCommand(_machine.Uuid, arguments, new Dictionary<string, string> { ["VP_VM_NAME"] = "web" }, timeout), CancellationToken.None);
}
