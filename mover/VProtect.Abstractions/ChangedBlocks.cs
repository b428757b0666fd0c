namespace VProtect.Abstractions;

/// <summary>
/// What a source answers when asked what changed since a restore point: either a delta that may be trusted or the
/// reason why everything must be read and compared. There is no third answer.
/// </summary>
public abstract record ChangedBlocks
{
    private ChangedBlocks()
    {
    }

    /// <summary>Only these extents may differ from the parent; whatever is between them is unchanged.</summary>
    /// <param name="Extents">Ordered, not overlapping, within the disk; owned by the answer.</param>
    public sealed record Delta(IReadOnlyList<Extent> Extents) : ChangedBlocks;

    /// <summary>Everything must be read; what is equal is not stored again.</summary>
    /// <param name="Reason">A sentence for the administrator.</param>
    public sealed record MustFull(string Reason) : ChangedBlocks;
}
