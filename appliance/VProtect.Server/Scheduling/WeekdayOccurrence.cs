namespace VProtect.Server.Scheduling;

/// <summary>Which of the same weekdays of a month is meant.</summary>
internal enum WeekdayOccurrence
{
    /// <summary>The first: days 1 to 7.</summary>
    FirstInMonth,

    /// <summary>The second: days 8 to 14.</summary>
    SecondInMonth,

    /// <summary>The third: days 15 to 21.</summary>
    ThirdInMonth,

    /// <summary>The fourth: days 22 to 28.</summary>
    FourthInMonth,

    /// <summary>The last, fourth or fifth: the final seven days.</summary>
    LastInMonth,
}
