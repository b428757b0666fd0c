namespace VProtect.Server.Policies.Retention;

/// <summary>How many points of a kind are kept and how old they may become; a point goes when either is passed.</summary>
/// <param name="Versions">So many of the newest; null any number.</param>
/// <param name="Age">Up to this age; null any.</param>
internal sealed record RetentionBound(int? Versions, TimeSpan? Age)
{
    /// <summary>Keeps everything.</summary>
    public static RetentionBound None { get; } = new(Versions: null, Age: null);

    /// <summary>Whether it bounds anything.</summary>
    public bool IsSet => Versions is not null || Age is not null;
}
