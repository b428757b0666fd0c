using VProtect.Connectors.Contract;
using VProtect.Connectors.Tests.Conformance;
using VProtect.Testing;
using VProtect.Testing.FakePlatform;

namespace VProtect.Connectors.Tests.Fake;

/// <summary>The fake platform, for the suite.</summary>
internal sealed class FakeConformancePlatform : ConformancePlatform
{
    private const string Password = "open sesame";
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeDatacenter _datacenter;
    private readonly IReadOnlyDictionary<string, string> _settings;

    public FakeConformancePlatform(IReadOnlyDictionary<string, string> settings)
    {
        _settings = settings;
        _datacenter = FakeDatacenter.Create(_directory["datacenter"], new FakeSite { Password = Password });
    }

    public override IConnectorFactory Factory { get; } = new FakePlatform();

    public override ConnectorEndpoint Endpoint => new(_datacenter.Path, "root", Password, _settings);

    public override ConnectorEndpoint UnreachableEndpoint => new(_directory["nowhere"], "root", Password, _settings);

    public override ConnectorEndpoint DeniedEndpoint => Endpoint with { Secret = "open barley" };

    public override int Rounds => 12;

    public override Task<string> AddMachineAsync(string name, bool isRunning, int diskCount)
    {
        FakeMachine machine = _datacenter.AddMachine(name, [.. Enumerable.Repeat((long)DiskBytes, diskCount)]);
        _datacenter.Change(machine.Uuid, made => made with { Power = isRunning ? PowerState.Running : PowerState.Off });
        return Task.FromResult(machine.Uuid);
    }

    public override Task RemoveMachineAsync(string uuid)
    {
        _datacenter.Remove(uuid);
        return Task.CompletedTask;
    }

    public override Task RenameMachineAsync(string uuid, string name)
    {
        _datacenter.Change(uuid, machine => machine with { Name = name });
        return Task.CompletedTask;
    }

    public override Task PowerOffAsync(string uuid)
    {
        _datacenter.Change(uuid, machine => machine with { Power = PowerState.Off });
        return Task.CompletedTask;
    }

    public override Task WriteAsync(string uuid, string disk, long offsetBytes, ReadOnlyMemory<byte> bytes) =>
        _datacenter.WriteAsync(uuid, disk, offsetBytes, bytes);

    public override Task<byte[]> ReadAsync(string uuid, string disk) => _datacenter.ReadAsync(uuid, disk);

    public override async Task<string?> AddForeignSnapshotAsync(string uuid, string name) => await _datacenter.AddForeignSnapshotAsync(uuid, name);

    public override Task<string> NetworkOfAsync(string uuid) => Task.FromResult(_datacenter.Machine(uuid).Nics[0].NetworkId);

    public override Task<IReadOnlyList<string>> LeftoversAsync() => Task.FromResult(_datacenter.Leftovers());

    public override ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }
}
