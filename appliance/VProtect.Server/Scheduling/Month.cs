namespace VProtect.Server.Scheduling;

/// <summary>A month; its number is the calendar's.</summary>
internal enum Month
{
    /// <summary>Month 1.</summary>
    January = 1,

    /// <summary>Month 2.</summary>
    February,

    /// <summary>Month 3.</summary>
    March,

    /// <summary>Month 4.</summary>
    April,

    /// <summary>Month 5.</summary>
    May,

    /// <summary>Month 6.</summary>
    June,

    /// <summary>Month 7.</summary>
    July,

    /// <summary>Month 8.</summary>
    August,

    /// <summary>Month 9.</summary>
    September,

    /// <summary>Month 10.</summary>
    October,

    /// <summary>Month 11.</summary>
    November,

    /// <summary>Month 12.</summary>
    December,
}
