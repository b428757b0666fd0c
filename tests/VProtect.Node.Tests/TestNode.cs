using System.Text;
using Microsoft.Extensions.Logging;
using VProtect.Abstractions.Nodes;
using VProtect.Connectors.Contract;
using VProtect.Testing.FakePlatform;

namespace VProtect.Node.Tests;

/// <summary>A node at work between a scripted server, a fake platform and a real repository, all in one temporary directory.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    public const string PlatformSecret = "s3cret-of-the-platform";
    public const string PassPhrase = "s3cret-of-the-repository";

    private readonly TemporaryDirectory _directory = new();
    private readonly LogKeeper _log = new();
    private readonly LoggerFactory _loggers;
    private CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public TestNode()
    {
        _loggers = new LoggerFactory([_log]);
        Datacenter = FakeDatacenter.Create(this["datacenter"], new FakeSite { Password = PlatformSecret });
        Options = new NodeOptions
        {
            NodeGuid = "node-1",
            StatePath = this["state"],
            BufferBytes = 8 << 20,
            ReportPeriod = TimeSpan.FromMilliseconds(100),
            StopTimeMax = TimeSpan.FromSeconds(60),
        };
        Factories = [new FakePlatform()];
    }

    public string this[string name] => _directory[name];

    public NodeOptions Options { get; set; }

    public IReadOnlyList<IConnectorFactory> Factories { get; set; }

    public ScriptedChannel Channel { get; private set; } = new();

    public FakeDatacenter Datacenter { get; }

    public string Log => _log.Text;

    public PlatformReference Platform { get; set; } = null!;

    public RepositoryReference Repository { get; set; } = null!;

    /// <summary>A node that runs, with a repository that is there.</summary>
    public static async Task<TestNode> StartAsync(Action<TestNode>? prepare = null, bool encrypted = false)
    {
        var node = new TestNode();
        node.Platform = new PlatformReference("p1", FakePlatform.Name, node.Datacenter.Path, "admin", PlatformSecret, new Dictionary<string, string>());
        node.Repository = new RepositoryReference("d1", node["repository"], encrypted ? PassPhrase : null, ReserveBytes: 0);
        prepare?.Invoke(node);
        node.Start();
        await node.SucceedAsync<RepositoryResult>(new OpenRepositoryWork(node.Repository, CreatesIfMissing: true));
        return node;
    }

    public void Start()
    {
        _stop = new CancellationTokenSource();
        var agent = new NodeAgent(Options, Channel, Factories, _loggers, TimeProvider.System);
        _running = Task.Run(() => agent.RunAsync(_stop.Token));
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running.WaitAsync(TimeSpan.FromSeconds(90));
    }

    /// <summary>The next life of the node, with a new line to the server.</summary>
    public void StartAgain()
    {
        Channel = new ScriptedChannel();
        Start();
    }

    public BackupWork BackupOf(FakeMachine machine) => new()
    {
        Platform = Platform,
        MachineUuid = machine.Uuid,
        History = $"history-of-{machine.Name}",
        MachineName = machine.Name,
        Repository = Repository,
        IsFull = false,
        Environment = new Dictionary<string, string> { ["VP_VM_NAME"] = machine.Name },
    };

    public async Task<TaskOutcome> DoAsync(Work work) => await Channel.WaitAsync(Channel.Give(work));

    public async Task<T> SucceedAsync<T>(Work work)
        where T : WorkResult
    {
        TaskOutcome outcome = await DoAsync(work);
        Assert.True(outcome.End == TaskEnd.Succeeded, $"{outcome.Fault} {Log}");
        return Assert.IsType<T>(outcome.Result);
    }

    public async Task<TaskFault> FailAsync(Work work)
    {
        TaskOutcome outcome = await DoAsync(work);
        Assert.Equal(TaskEnd.Failed, outcome.End);
        Assert.Null(outcome.Result);
        return outcome.Fault!;
    }

    /// <summary>A machine with one disk of random bytes.</summary>
    public async Task<FakeMachine> AddMachineAsync(string name = "web1", int diskBytes = 3 << 20, int disks = 1)
    {
        FakeMachine machine = Datacenter.AddMachine(name, [.. Enumerable.Repeat((long)diskBytes, disks)]);
        foreach (FakeDisk disk in machine.Disks)
        {
            await Datacenter.WriteAsync(machine.Uuid, disk.Id, 0, RandomDisk.Create(new Random(disk.Id.Length + name.Length), diskBytes));
        }

        return machine;
    }

    /// <summary>Nothing of ours is left anywhere but where it belongs, and no secret is written anywhere.</summary>
    public async Task NothingIsLeftAsync()
    {
        await StopAsync();
        Assert.Empty(Datacenter.Leftovers());
        Assert.Empty(Directory.EnumerateFileSystemEntries(this["state/outcomes"]));
        Assert.Empty(Directory.Exists(this["repository/.tmp"]) ? Directory.EnumerateFiles(this["repository/.tmp"]) : []);
        string[] said =
        [
            Log, .. Channel.Reports.Select(report => report.Stage), .. Channel.Reports.SelectMany(report => report.Lines).Select(line => line.Text),
            .. Channel.Outcomes.SelectMany(outcome => outcome.Lines).Select(line => line.Text), .. Channel.Outcomes.Select(outcome => $"{outcome.Fault}"),
        ];
        Assert.DoesNotContain(Directory.EnumerateFiles("/proc/self/fd"), fd => new FileInfo(fd).LinkTarget?.StartsWith(_directory.Path, StringComparison.Ordinal) == true);
        Assert.DoesNotContain(Directory.EnumerateDirectories("/proc"), process => CommandOf(process).Contains(_directory.Path, StringComparison.Ordinal));
        foreach (string text in said)
        {
            Assert.DoesNotContain(PlatformSecret, text, StringComparison.Ordinal);
            Assert.DoesNotContain(PassPhrase, text, StringComparison.Ordinal);
        }
    }

    /// <summary>The command line of a process; empty when it has just ended.</summary>
    private static string CommandOf(string process)
    {
        try
        {
            return File.ReadAllText($"{process}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_stop.IsCancellationRequested)
        {
            Datacenter.LiftAll();
            await StopAsync();
        }

        _stop.Dispose();
        _loggers.Dispose();
        _directory.Dispose();
    }

    private sealed class LogKeeper : ILoggerProvider, ILogger
    {
        private readonly StringBuilder _text = new();

        public string Text
        {
            get
            {
                lock (_text)
                {
                    return _text.ToString();
                }
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_text)
            {
                _text.AppendLine($"{logLevel} {eventId.Id} {formatter(state, exception)} {exception}");
            }
        }

        public void Dispose()
        {
        }
    }
}
