using VProtect.Connectors.Tests.Conformance;

namespace VProtect.Connectors.Tests.Fake;

/// <summary>The fake platform with all it can do.</summary>
public sealed class FakeConformanceTests : ConnectorConformance
{
    protected override Task<ConformancePlatform> OpenPlatformAsync() =>
        Task.FromResult<ConformancePlatform>(new FakeConformancePlatform(new Dictionary<string, string>()));
}

/// <summary>The fake platform as one that serves files and knows no changed blocks.</summary>
public sealed class FakeFilesConformanceTests : ConnectorConformance
{
    protected override Task<ConformancePlatform> OpenPlatformAsync() =>
        Task.FromResult<ConformancePlatform>(new FakeConformancePlatform(new Dictionary<string, string> { ["endpoint"] = "file" }));
}

/// <summary>The fake platform with nothing that it could do without.</summary>
public sealed class FakeWithoutAnythingConformanceTests : ConnectorConformance
{
    protected override Task<ConformancePlatform> OpenPlatformAsync() =>
        Task.FromResult<ConformancePlatform>(new FakeConformancePlatform(new Dictionary<string, string>
        {
            ["without"] = "ChangedBlocks,Quiesce,OfflineBackup,Snapshots,Restore,RestoreInPlace,GuestCommands,Events",
        }));
}
