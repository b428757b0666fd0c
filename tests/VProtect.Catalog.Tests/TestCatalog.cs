using VProtect.Abstractions;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;

namespace VProtect.Catalog.Tests;

/// <summary>An empty catalog for one test, and short ways to fill it.</summary>
public sealed class TestCatalog : IAsyncDisposable
{
    private readonly string? _directory;

    private TestCatalog(CatalogOptions options, CatalogDatabase database, TestClock clock, string? directory)
    {
        Options = options;
        Database = database;
        Clock = clock;
        _directory = directory;
    }

    public CatalogOptions Options { get; }

    public CatalogDatabase Database { get; }

    public TestClock Clock { get; }

    public static CatalogOptions NewPlace(CatalogProvider provider, bool migrated, out string? directory)
    {
        directory = provider == CatalogProvider.Sqlite ? Directory.CreateTempSubdirectory("vprotect-catalog-").FullName : null;
        return provider == CatalogProvider.Sqlite
            ? new CatalogOptions { Path = Path.Combine(directory!, "catalog.db") }
            : new CatalogOptions { Provider = provider, ConnectionString = PostgreSqlServer.CreateDatabase(migrated) };
    }

    public static async Task<TestCatalog> CreateAsync(CatalogProvider provider)
    {
        CatalogOptions options = NewPlace(provider, migrated: true, out string? directory);
        var clock = new TestClock();
        return new TestCatalog(options, await CatalogDatabase.OpenAsync(options, clock, default), clock, directory);
    }

    /// <summary>Runs changes and commits them.</summary>
    public async Task<T> WriteAsync<T>(Func<CatalogTransaction, Task<T>> change)
    {
        await using CatalogTransaction transaction = await Database.BeginAsync(default);
        T result = await change(transaction);
        await transaction.CommitAsync(default);
        return result;
    }

    public Task WriteAsync(Func<CatalogTransaction, Task> change) => WriteAsync(async transaction =>
    {
        await change(transaction);
        return 0;
    });

    public async Task<T> ReadAsync<T>(Func<CatalogSession, Task<T>> read)
    {
        await using CatalogSession session = await Database.ReadAsync(default);
        return await read(session);
    }

    public static async Task<ErrorCode> CodeOfAsync(Func<Task> action) => (await Assert.ThrowsAsync<VProtectException>(action)).Code;

    public Machine NewMachine(string name) =>
        new() { Name = name, Uuid = Guid.NewGuid().ToString(), Platform = "KVM", FirstSeenAt = Clock.Now };

    public Destination NewDestination(string name) => new() { Name = name, Type = "FILESYSTEM", VisibleForAll = true, CheckedAt = Clock.Now };

    public RestorePoint NewPoint(Machine machine, Destination destination, TimeSpan age = default) => new()
    {
        MachineGuid = machine.Guid,
        DestinationGuid = destination.Guid,
        Type = BackupType.Incremental,
        State = RestorePointState.Success,
        CreatedAt = Clock.Now - age,
    };

    public Node NewNode(string name) => new() { Name = name, State = NodeState.Online, Generation = 1, EnrolledAt = Clock.Now };

    public static Policy NewPolicy(string name, int priority = 50) =>
        new() { Name = name, Kind = PolicyKind.VmBackup, Priority = priority };

    public CatalogTask NewTask(TaskType type = TaskType.Export) => new() { Type = type, CreatedAt = Clock.Now };

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        if (_directory is not null)
        {
            Directory.Delete(_directory, recursive: true);
        }
    }
}
