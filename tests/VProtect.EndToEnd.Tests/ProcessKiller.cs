using System.Collections.Concurrent;
using System.Diagnostics;

namespace VProtect.EndToEnd.Tests;

/// <summary>Runs the program and kills most of its processes at a random moment of their usual length. Safe from several threads.</summary>
internal sealed class ProcessKiller(Workplace place)
{
    private readonly ConcurrentDictionary<string, int> _usualMilliseconds = new();
    private readonly ConcurrentDictionary<string, int> _killsOf = new();
    private int _kills;
    private int _started;

    /// <summary>Processes that died by it.</summary>
    public int Kills => Volatile.Read(ref _kills);

    public int Started => Volatile.Read(ref _started);

    public string Summary => string.Join(", ", _killsOf.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key} {pair.Value}"));

    /// <summary>Runs a command. The first of its kind lives, to be measured.</summary>
    /// <returns>Its answer, or null when it was killed before its end.</returns>
    public Answer? Run(Random random, params string[] arguments)
    {
        string verb = arguments[0] == "repo" ? arguments[1] : arguments[0];
        Interlocked.Increment(ref _started);
        long begun = Stopwatch.GetTimestamp();
        using VprotectProcess process = place.Start(arguments);
        bool mayDie = _usualMilliseconds.TryGetValue(verb, out int usual) && random.Next(4) > 0;
        if (mayDie)
        {
            // Towards the end is where things are committed.
            int after = Math.Max(random.Next((usual * 5 / 4) + 1), random.Next(usual + 1));
            Thread.Sleep(after);
            process.Signal(VprotectProcess.SigKill);
        }

        Answer answer = process.Wait();
        if (mayDie && answer.ExitCode == 128 + VprotectProcess.SigKill)
        {
            Interlocked.Increment(ref _kills);
            _killsOf.AddOrUpdate(verb, 1, static (_, kills) => kills + 1);
            return null;
        }

        _usualMilliseconds[verb] = (int)Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        return answer;
    }
}
