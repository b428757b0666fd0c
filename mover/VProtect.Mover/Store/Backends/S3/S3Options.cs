namespace VProtect.Mover.Store.Backends.S3;

/// <summary>How object storage is used.</summary>
public sealed record S3Options
{
    /// <summary>How long a request is tried while its failure may pass: default 2 min. A mount's reads stand still for so long, then fail.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The same before the service has answered for the first time: default 20 s, since its address may be wrong.</summary>
    public TimeSpan FirstDeadline { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long one try may take, its bytes included: default 1 min, for a part of <see cref="PartBytes"/>.</summary>
    public TimeSpan AttemptTimeMax { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Bytes of a part of a large object, 5 MiB at least: default 8 MiB. What is smaller goes in one request.</summary>
    public int PartBytes { get; init; } = 8 << 20;

    /// <summary>Parts of an object on their way at once: default 2, since several packs are written at once. An object being written takes the memory of one more.</summary>
    public int PartsInFlightMax { get; init; } = 2;
}
