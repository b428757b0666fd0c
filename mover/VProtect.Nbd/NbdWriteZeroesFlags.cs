namespace VProtect.Nbd;

/// <summary>How zeroes are to be written.</summary>
[Flags]
public enum NbdWriteZeroesFlags
{
    /// <summary>As the server likes; it may punch a hole.</summary>
    None = 0,

    /// <summary>Complete only when durable.</summary>
    ForceUnitAccess = 1,

    /// <summary>Keep the space allocated.</summary>
    NoHole = 2,

    /// <summary>Fail with ENOTSUP at once rather than be as slow as writing zeroes.</summary>
    FastZero = 4,
}
