namespace VProtect.Simulation.Model;

/// <summary>
/// Visits every state that can be reached in a scenario, nearest first, so that what it finds wrong has a shortest trace.
/// From each state every process that is not done takes its next step, once for each answer of chance, or dies.
/// </summary>
internal sealed class Explorer(Scenario scenario)
{
    private const int Death = 1 << 16;
    private readonly StateSet _seen = new();
    private readonly List<int> _parents = [];
    private readonly List<int> _actions = [];
    private readonly Queue<byte[]> _queue = new();
    private readonly World _world = new();
    private readonly World _next = new();
    private readonly Choice _choice = new();

    /// <summary>Searches until everything has been seen or something is wrong.</summary>
    public Exploration Run()
    {
        Visit(Repository.Begin(scenario), parent: -1, action: 0);
        long steps = 0;
        int finals = 0;
        for (int index = 0; _queue.TryDequeue(out byte[]? packed); index++)
        {
            Unpack(packed, _world.Bytes);
            bool isFinal = true;
            for (int process = 0; process < scenario.ProcessCount; process++)
            {
                if (!Processes.CanStep(_world, scenario, process))
                {
                    continue;
                }

                isFinal = false;
                if (Processes.CanDie(_world, scenario, process))
                {
                    _next.CopyFrom(_world);
                    Processes.Die(_next, process);
                    Visit(_next, index, process | Death);
                    steps++;
                }

                _choice.Reset();
                int answer = 0;
                do
                {
                    _next.CopyFrom(_world);
                    steps++;
                    string? violation = Processes.Take(_next, scenario, process, _choice) ?? Repository.Violation(_next, scenario);
                    if (violation is not null)
                    {
                        return new Exploration(_seen.Count, steps, finals, violation, Trace(index, process | (answer << 17)));
                    }

                    Visit(_next, index, process | (answer++ << 17));
                }
                while (_choice.Advance());
            }

            if (isFinal)
            {
                finals++;
                if (Janitor.Clean(_world, scenario) is { } left)
                {
                    return new Exploration(_seen.Count, steps, finals, left, Trace(index, action: -1));
                }
            }
        }

        return new Exploration(_seen.Count, steps, finals, Violation: null, Trace: []);
    }

    private void Visit(World world, int parent, int action)
    {
        if (_seen.Add(world.Bytes))
        {
            _parents.Add(parent);
            _actions.Add(action);
            _queue.Enqueue(Pack(world.Bytes));
        }
    }

    /// <summary>The steps from the first state to a state, and one more.</summary>
    private List<string> Trace(int index, int action)
    {
        var actions = new List<int>();
        if (action >= 0)
        {
            actions.Add(action);
        }

        for (; _parents[index] >= 0; index = _parents[index])
        {
            actions.Add(_actions[index]);
        }

        actions.Reverse();
        World world = Repository.Begin(scenario);
        var trace = new List<string>();
        foreach (int taken in actions)
        {
            var before = new World();
            before.CopyFrom(world);
            int process = taken & 0xFF;
            if ((taken & Death) != 0)
            {
                Processes.Die(world, process);
                trace.Add($"{Processes.NameOf(scenario, process)} dies");
                continue;
            }

            _choice.Reset();
            for (int answer = 0; answer < taken >> 17; answer++)
            {
                Processes.Take(world, scenario, process, _choice);
                world.CopyFrom(before);
                _choice.Advance();
            }

            Processes.Take(world, scenario, process, _choice);
            trace.Add(Difference.Describe(scenario, process, before, world));
        }

        return trace;
    }

    /// <summary>Most bytes of a state are zero: a bit for each byte, then those that are not.</summary>
    private static byte[] Pack(ReadOnlySpan<byte> state)
    {
        Span<byte> packed = stackalloc byte[(World.SizeBytes / 8) + World.SizeBytes];
        int at = World.SizeBytes / 8;
        packed[..at].Clear();
        for (int i = 0; i < state.Length; i++)
        {
            if (state[i] != 0)
            {
                packed[i >> 3] |= (byte)(1 << (i & 7));
                packed[at++] = state[i];
            }
        }

        return packed[..at].ToArray();
    }

    private static void Unpack(byte[] packed, Span<byte> state)
    {
        int at = World.SizeBytes / 8;
        for (int i = 0; i < state.Length; i++)
        {
            state[i] = (packed[i >> 3] >> (i & 7) & 1) != 0 ? packed[at++] : (byte)0;
        }
    }
}

/// <summary>What a search found.</summary>
/// <param name="States">Different states.</param>
/// <param name="Steps">Steps taken from them.</param>
/// <param name="Finals">States in which everybody is done or dead.</param>
/// <param name="Violation">What is wrong, or null.</param>
/// <param name="Trace">How it comes to that.</param>
internal sealed record Exploration(int States, long Steps, int Finals, string? Violation, IReadOnlyList<string> Trace);
