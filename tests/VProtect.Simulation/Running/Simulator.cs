using VProtect.Abstractions;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends.Faulty;

namespace VProtect.Simulation.Running;

/// <summary>
/// One seed, one run. Several processes with the product's own code share one store; which of their calls is completed next, what fails,
/// who is killed and what a listing shows is drawn from the seed. Every now and then all comes to rest and is checked whole.
/// </summary>
internal sealed partial class Simulator
{
    private readonly Random _random;
    private readonly OneThread _thread = new();
    private readonly List<StoreCall> _calls = [];
    private readonly Node[] _nodes = [.. Enumerable.Range(0, 4).Select(i => new Node($"node{i}"))];
    private readonly HashSet<int> _gone = [];
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);
    private readonly Jobs _jobs;
    private SimulatedProcess? _current;
    /// <summary>Collections in which each pack's turn to be looked at comes; repositories here have some dozens.</summary>
    private const int TurnsMax = 40;

    private bool _isCalm;
    private long _fullUntil;
    private int _processes;
    private ulong _hash = 14695981039346656037;

    private Simulator(SimulationOptions options)
    {
        Options = options;
        _random = new Random(options.Seed);
        PackId.Simulate(new Random(options.Seed));
        Now(Repository.InitAsync(
            new TableStore(Table),
            new RepositoryOptions { ChunkBytes = Blocks.LengthBytes, PackBytes = 4 << 20, Encrypt = options.Secret is not null },
            options.Secret is null ? [] : [options.Secret], TimeProvider.System, CancellationToken.None));
        Oracle = new Oracle(Table, options.Secret);
        Table.Created = key => Oracle.OnCreated(key, _current?.Blocks);
        Table.Removed = Oracle.OnRemoved;
        _jobs = new Jobs(this, _random);
    }

    public SimulationOptions Options { get; }

    public ObjectTable Table { get; } = new();

    public Oracle Oracle { get; }

    public long Steps { get; private set; }

    /// <summary>Runs until all steps are done or something is wrong.</summary>
    public static SimulationResult Run(SimulationOptions options)
    {
        // A test's own context would take continuations elsewhere.
        SynchronizationContext? outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        var simulator = new Simulator(options);
        try
        {
            while (simulator.Steps < options.Steps && simulator.Oracle.Violation is null)
            {
                simulator.RunRound(simulator.Steps + options.RoundSteps);
                simulator.ComeToRest();
            }

            simulator.Count("restore points committed", simulator.Oracle.PointsCommitted);
            simulator.Count("ready on another thread", simulator._thread.Escapes);
            return new SimulationResult(simulator.Steps, simulator._hash, simulator.Oracle.Violation, simulator._counts);
        }
        finally
        {
            PackId.Simulate(null);
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    public void Enqueue(StoreCall call) => _calls.Add(call);

    private void RunRound(long until)
    {
        while (Steps < until && Oracle.Violation is null)
        {
            foreach (Node node in _nodes)
            {
                if (node.Process is null && _random.Next(4) == 0)
                {
                    StartAnything(node);
                }
            }

            Step();
        }
    }

    /// <summary>Completes one call, or kills somebody; then runs all that is ready and notes who has ended.</summary>
    private void Step()
    {
        _thread.RunReady();
        NoteEnded();
        if (_calls.Count == 0)
        {
            // Somebody is at work on another thread, which should not be; or nobody is at work at all.
            if (_nodes.Any(node => node.Process is not null) && !_thread.WaitForOthers())
            {
                Oracle.Note("a process hangs: " + string.Join(", ", _nodes.Where(node => node.Process is not null).Select(node => node.Process!.Job)));
            }

            return;
        }

        int which = _random.Next(_calls.Count);
        StoreCall call = _calls[which];
        _calls[which] = _calls[^1];
        _calls.RemoveAt(_calls.Count - 1);
        Steps++;
        string answer = Complete(call);
        Hash(call.Process.Id);
        Hash((int)call.Operation);
        foreach (char c in call.Key)
        {
            Hash(c);
        }

        Hash(answer.Length);
        _thread.RunReady();
        NoteEnded();
    }

    private string Complete(StoreCall call)
    {
        _current = call.Process;
        try
        {
            if (!_isCalm && _random.Next(1500) == 0)
            {
                Kill(call);
                return "killed";
            }

            if (!_isCalm && _random.Next(20_000) == 0)
            {
                _fullUntil = Steps + _random.Next(400);
                Count("times full", 1);
            }

            if (!_isCalm && call.IsWrite && Steps < _fullUntil)
            {
                call.Fail(ErrorCode.StoreFull, takesEffect: false);
                return "full";
            }

            if (!_isCalm && _random.Next(400) == 0)
            {
                bool isLost = _random.Next(2) == 0;
                Count(isLost ? "answers lost" : "calls failed", 1);
                call.Fail(ErrorCode.StoreFailed, isLost);
                return isLost ? "lost!" : "fails!";
            }

            call.Complete();
            return "";
        }
        finally
        {
            _current = null;
        }
    }

    /// <summary>Its call may still take effect, a pack perhaps in part; then nothing of it runs any more.</summary>
    private void Kill(StoreCall call)
    {
        SimulatedProcess process = call.Process;
        Count("processes killed", 1);
        if (_random.Next(3) == 0)
        {
            call.TakeEffect();
        }
        else if (call.Operation == StoreOperation.Commit && _random.Next(2) == 0)
        {
            Table.TryCreate(call.Key, new byte[_random.Next(1, 5000)]);
            Count("packs torn", 1);
        }

        _calls.RemoveAll(other => other.Process == process);
        Node node = process.Node;
        node.Ledger.Reopen();
        if (_random.Next(4) == 0)
        {
            node.Index = new SimulatedIndex();
            node.Ledger = new Testing.MemoryReferenceLedger();
        }

        End(process);
    }

    private void End(SimulatedProcess process)
    {
        process.IsGone = true;
        _gone.Add(process.Id);
        process.Node.Process = null;
    }

    private void Hash(int value) => _hash = (_hash ^ (uint)value) * 1099511628211;

    private void Count(string what, long change) => _counts[what] = _counts.GetValueOrDefault(what) + change;

    private static T Now<T>(Task<T> task) => task.GetAwaiter().GetResult();

}
