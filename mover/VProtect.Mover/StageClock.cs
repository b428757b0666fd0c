using System.Diagnostics;

namespace VProtect.Mover;

/// <summary>The stages whose busy time is counted.</summary>
public enum Stage
{
    /// <summary>Waiting for the source.</summary>
    Read = 0,

    /// <summary>Zero detection and chunk ids.</summary>
    Identify = 1,

    /// <summary>Asking the chunk index.</summary>
    LookUp = 2,

    /// <summary>Compressing, or decompressing and checking.</summary>
    Compress = 3,

    /// <summary>Encrypting and packing.</summary>
    Seal = 4,

    /// <summary>Writing to the store or the target, as far as anything waited for it.</summary>
    Write = 5,

    /// <summary>Making durable.</summary>
    Commit = 6,
}

/// <summary>Busy time by stage, summed over threads. Safe from several threads.</summary>
public sealed class StageClock
{
    private readonly long[] _ticks = new long[Enum.GetValues<Stage>().Length];

    /// <summary>Adds time in ticks of <see cref="Stopwatch"/>.</summary>
    public void Add(Stage stage, long stopwatchTicks) => Interlocked.Add(ref _ticks[(int)stage], stopwatchTicks);

    /// <summary>Busy time of a stage so far.</summary>
    public TimeSpan this[Stage stage] => Stopwatch.GetElapsedTime(0, Volatile.Read(ref _ticks[(int)stage]));
}
