using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Testing.FakePlatform;

namespace VProtect.Node.Tests.Rebuild;

public sealed class SupersededTests
{
    [Fact]
    public async Task Appliance_of_an_earlier_life_makes_and_forgets_no_restore_points_until_the_later_ones_copies_are_forgotten()
    {
        var files = new OneFile();
        await using TestNode node = await TestNode.StartAsync(node => node.Options = node.Options with { ApplianceFiles = files }, encrypted: true);
        FakeMachine machine = await node.AddMachineAsync();
        var older = new ApplianceIdentity(Guid.CreateVersion7(), 1, "older");
        ApplianceIdentity later = older with { Life = 2, Name = "later", Mark = "0123456789abcdef" };
        BackupWork ByOf(ApplianceIdentity? who) => node.BackupOf(machine) with { Repository = node.Repository with { Appliance = who } };
        BackupResult first = await node.SucceedAsync<BackupResult>(ByOf(older));
        ApplianceBackupResult copy = await node.SucceedAsync<ApplianceBackupResult>(new ApplianceBackupWork(node.Repository, later, 2));

        string held = node.Datacenter.Order(new Fault(FakeStep.Read, FaultKind.Pause));
        foreach (Work work in (Work[])[ByOf(older), new ForgetWork(node.Repository with { Appliance = older }, [first.PointId])])
        {
            TaskFault fault = await node.FailAsync(work);
            Assert.Equal((ErrorCode.ApplianceSuperseded, RetryAdvice.Never), (fault.Code, fault.Retry));
            Assert.Contains("recovered elsewhere (later)", fault.Message, StringComparison.Ordinal);
        }

        // The machine was not touched, and nothing is gone.
        Assert.Equal(0, node.Datacenter.HitsOf(held));
        node.Datacenter.LiftAll();
        RepositoryResult found = await node.SucceedAsync<RepositoryResult>(new OpenRepositoryWork(node.Repository, CreatesIfMissing: false));
        Assert.Contains(found.Points, point => point.PointId == first.PointId);

        // The later one, another appliance, and an older server do as they like; so does the older one when the other was a trial.
        await node.SucceedAsync<BackupResult>(ByOf(later));
        await node.SucceedAsync<BackupResult>(ByOf(older with { Guid = Guid.CreateVersion7() }));
        await node.SucceedAsync<BackupResult>(ByOf(null));
        Assert.Equal(TaskEnd.Succeeded, (await node.DoAsync(new ForgetWork(node.Repository with { Appliance = later }, [copy.PointId]))).End);
        await node.SucceedAsync<BackupResult>(ByOf(older));
        await node.NothingIsLeftAsync();
    }

    private sealed class OneFile : IApplianceFiles
    {
        public async Task<IReadOnlyList<ApplianceFile>> WriteAsync(string catalogPath, CancellationToken cancellationToken)
        {
            await File.WriteAllBytesAsync(catalogPath, new byte[8192], cancellationToken);
            return [];
        }
    }
}
