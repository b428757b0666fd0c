namespace VProtect.Mover.Upkeep;

/// <summary>How deep a verification looks. Persisted by number in the journal of verifications: values only grow.</summary>
public enum VerifyLevel
{
    /// <summary>Everything a restore checks: stored hash, seal, decompression, id.</summary>
    Full = 0,

    /// <summary>Stored bytes against their hashes, and tables of contents against their MACs; nothing is decrypted or decompressed.</summary>
    Stored = 1,
}

/// <summary>What to verify and how.</summary>
public sealed record VerifyOptions
{
    /// <summary>Packs read at once; default: one for each processor and one more, which reads while the others are checked.</summary>
    public int PacksAtOnce { get; init; } = Environment.ProcessorCount + 1;

    /// <summary>Threads that check. Default: one for each processor.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>How deep. Default full.</summary>
    public VerifyLevel Level { get; init; } = VerifyLevel.Full;

    /// <summary>Which packs. Default all.</summary>
    public VerifySelection Selection { get; init; } = new();

    /// <summary>What earlier verifications did, told of this one too; stays the caller's. Null: nothing is known and nothing noted.</summary>
    public VerifyJournal? Journal { get; init; }

    /// <summary>Whether packs that an interrupted verification of the same selection has checked are left out. Default false.</summary>
    public bool Resume { get; init; }

    /// <summary>Bytes read in a second at most; 0 for no limit. Default 0.</summary>
    public long BytesPerSecondMax { get; init; }

    /// <summary>Before the second attempt of a read that failed; four times as long before the third, which is the last. Default 0.25 s.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(0.25);

    /// <summary>Sound tree nodes kept in mind, 16 bytes each; more cost reading some of them again. Default 8388608: 128 MiB, 128 TiB of distinct disk.</summary>
    public int SoundNodesMax { get; init; } = 8 << 20;

    /// <summary>For rates and dates.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
