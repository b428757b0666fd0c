namespace VProtect.Mover.Deliver;

/// <summary>How a restore reads a store: how much at a time, and how much at once.</summary>
/// <param name="SpanBytes">Plain bytes of a span at most. Its buffers take twice as many, three times when gaps are read along.</param>
/// <param name="GapBytes">Unwanted bytes read along rather than begin another read.</param>
/// <param name="SharesOfLong">What a span costs whose buffers have their whole length; a short one, of an eighth, costs 1. With 1 all have their whole length.</param>
/// <param name="Shares">How many there are for what is under way.</param>
internal readonly record struct SpanLimits(int SpanBytes, int GapBytes, int SharesOfLong, int Shares)
{
    /// <summary>How many times as much a long span holds as a short one.</summary>
    public const int LongToShort = 8;
}
