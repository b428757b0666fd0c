namespace VProtect.Testing.PowerCut;

/// <summary>A file or directory.</summary>
internal abstract class VolatileNode
{
    public required ulong Number { get; init; }

    /// <summary>Type and permissions, as in <c>st_mode</c>.</summary>
    public required uint Mode { get; set; }

    /// <summary>Names it has, as readers see it.</summary>
    public int Names { get; set; }

    /// <summary>fsync: all that was done to it so far survives.</summary>
    public abstract void Flush();
}

/// <summary>How kind a power cut is to what was not made durable.</summary>
internal enum Survival
{
    Nothing,

    /// <summary>In order up to some instant, the last write torn.</summary>
    Beginning,

    /// <summary>Any of it, in any order, sector by sector.</summary>
    Parts,
    Everything,
}

internal static class SurvivalCounts
{
    /// <summary>How many of so many changes are looked at.</summary>
    public static int Count(this Survival survival, int pending, Random random) => survival switch
    {
        Survival.Nothing => 0,
        Survival.Beginning => random.Next(pending + 1),
        _ => pending,
    };
}
