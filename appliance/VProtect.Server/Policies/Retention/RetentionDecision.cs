namespace VProtect.Server.Policies.Retention;

/// <summary>What becomes of one point.</summary>
/// <param name="Point">The point.</param>
/// <param name="Reason">Why.</param>
internal sealed record RetentionDecision(RetentionPoint Point, RetentionReason Reason)
{
    /// <summary>Whether it stays.</summary>
    public bool Keep => Reason < RetentionReason.Marked;
}
