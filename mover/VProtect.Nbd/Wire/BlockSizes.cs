using System.Numerics;

namespace VProtect.Nbd.Wire;

/// <summary>Block size constraints of an export, in bytes.</summary>
internal readonly record struct BlockSizes(uint Minimum, uint Preferred, uint Maximum)
{
    /// <summary>What holds when the server names none: any alignment, 4 KiB efficient, 32 MiB per request.</summary>
    public static BlockSizes Default { get; } = new(1, 4096, WireLimits.PayloadBytesMax);

    /// <summary>Null when the sizes make sense, else what is wrong with them.</summary>
    public string? Fault() =>
        !BitOperations.IsPow2(Minimum) || Minimum > 65_536 ? "its minimum block size is no power of two up to 64 KiB"
        : !BitOperations.IsPow2(Preferred) || Preferred < Minimum ? "its preferred block size is no power of two from the minimum up"
        : Maximum < Minimum || (Maximum != uint.MaxValue && Maximum % Minimum != 0) ? "its maximum payload is no multiple of its minimum block size"
        : null;

    /// <summary>The same with a maximum we are willing to hold in one request.</summary>
    public BlockSizes Capped() => this with
    {
        Maximum = Math.Min(Maximum, WireLimits.PayloadBytesMax) / Minimum * Minimum,
        Preferred = Math.Min(Preferred, WireLimits.PayloadBytesMax),
    };
}
