using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using VProtect.Catalog;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Requests;
using VProtect.Testing;

namespace VProtect.Server.Tests.Tasks;

/// <summary>A server with a platform, a destination and a machine, whose node is played by the test. It can be ended and started again on its data.</summary>
public sealed class TestEngine : IAsyncDisposable
{
    /// <summary>The data of a server that was started once: making keys and passwords takes longer than a test.</summary>
    private static readonly Lazy<Task<TemporaryDirectory>> Template = new(MakeTemplateAsync);

    private readonly TemporaryDirectory _directory = new();

    public WebApplication App { get; private set; } = null!;

    public FakeTime Time { get; } = new();

    internal HypervisorManager Manager { get; } = new() { Name = "manager", Platform = "FAKE", Url = "fake://one" };

    internal Destination Destination { get; } = new() { Name = "store", Type = "FILESYSTEM", Settings = """{"path":"/nowhere"}""", IsDefault = true };

    internal Machine Machine { get; private set; } = null!;

    public CatalogDatabase Catalog => Get<CatalogDatabase>();

    public ScriptedNode Node => new(App.Services);

    public static async Task<TestEngine> StartAsync()
    {
        var engine = new TestEngine();
        Copy((await Template.Value).Path, engine._directory.Path);
        await engine.BuildAsync();
        engine.Machine = engine.NewMachine("web");
        await engine.WriteAsync(async tx =>
        {
            await tx.HypervisorManagers.InsertAsync(engine.Manager, default);
            await tx.Destinations.InsertAsync(engine.Destination, default);
            await tx.Machines.InsertAsync(engine.Machine, default);
        });
        return engine;
    }

    /// <summary>The process ends and starts again.</summary>
    public async Task RestartAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
        await BuildAsync();
    }

    public TService Get<TService>()
        where TService : notnull => App.Services.GetRequiredService<TService>();

    internal Machine NewMachine(string name) => new()
    {
        Name = name,
        Uuid = $"uuid-{name}",
        Platform = "FAKE",
        HypervisorManagerGuid = Manager.Guid,
        FirstSeenAt = Time.GetUtcNow(),
    };

    public async Task<T> WriteAsync<T>(Func<CatalogTransaction, Task<T>> change)
    {
        await using CatalogTransaction transaction = await Catalog.BeginAsync(default);
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
        await using CatalogSession session = await Catalog.ReadAsync(default);
        return await read(session);
    }

    public Task<CatalogTask> TaskAsync(Guid guid) => ReadAsync(session => session.Tasks.GetAsync(guid, default));

    public Task<RestorePoint> PointAsync(CatalogTask task) => ReadAsync(session => session.RestorePoints.GetAsync(task.RestorePointGuid!.Value, default));

    public Task<Workflow> WorkflowAsync(CatalogTask task) => ReadAsync(session => session.Workflows.GetAsync(task.WorkflowGuid!.Value, default));

    /// <summary>Queues a backup of the machine.</summary>
    internal async Task<CatalogTask> BackUpAsync(
        int retries = 0, DateTimeOffset? windowEnd = null, Machine? machine = null, int priority = 50, BackupType type = BackupType.Incremental)
    {
        var request = new ExportRequest
        {
            Machines = [(machine ?? Machine).Guid],
            BackupType = type,
            RetryCount = retries,
            WindowEnd = windowEnd,
            Priority = priority,
        };
        return (await WriteAsync(tx => Get<TaskRequests>().ExportAsync(tx, request, TaskOrigin.Appliance, default)))[0];
    }

    /// <summary>Makes a backup of the machine, all the way.</summary>
    internal async Task<RestorePoint> BackedUpAsync(string pointId, Machine? machine = null)
    {
        CatalogTask task = await BackUpAsync(machine: machine);
        await Node.DoAsync(ScriptedNode.Backup(pointId));
        return await PointAsync(task);
    }

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
        _directory.Dispose();
    }

    private static async Task<TemporaryDirectory> MakeTemplateAsync()
    {
        var engine = new TestEngine();
        await engine.BuildAsync();
        await engine.App.StopAsync();
        await engine.App.DisposeAsync();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => engine._directory.Dispose();
        return engine._directory;
    }

    private static void Copy(string from, string to)
    {
        foreach (string directory in Directory.GetDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, directory)));
        }

        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
        }
    }

    private async Task BuildAsync()
    {
        var options = new ServerOptions { DataPath = _directory.Path, Time = Time, FirstPassword = _ => { } };
        App = await ServerHost.BuildAsync(options, builder => builder.WebHost.UseTestServer(), default);
        await App.StartAsync();
    }
}
