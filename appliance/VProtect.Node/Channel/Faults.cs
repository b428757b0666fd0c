using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;

namespace VProtect.Node.Channel;

/// <summary>Exceptions → faults.</summary>
internal static class Faults
{
    /// <summary>A failure that its user can act upon as it is; anything else by its kind alone, since nobody has looked at its text.</summary>
    public static TaskFault Of(Exception exception, SecretScrubber scrubber) => exception switch
    {
        VProtectException e => new TaskFault(e.Code, e.Side, scrubber.Clean(e.Message), scrubber.Clean(e.Guidance), e.Retry),
        AggregateException { InnerExceptions: [var inner, ..] } => Of(inner, scrubber),
        _ => new TaskFault(
            ErrorCode.Unknown, ErrorSide.Transform, $"The node failed in a way that is not foreseen ({exception.GetType().Name}).",
            "Its log has the whole story: please report it.", RetryAdvice.Later),
    };
}
