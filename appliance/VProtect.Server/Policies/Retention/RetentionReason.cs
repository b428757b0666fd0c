namespace VProtect.Server.Policies.Retention;

/// <summary>Why a point stays or goes.</summary>
internal enum RetentionReason
{
    /// <summary>Stays: somebody holds it.</summary>
    Held,

    /// <summary>Stays: its lock has not run out.</summary>
    Locked,

    /// <summary>Stays: a user marked it as an archive.</summary>
    Archived,

    /// <summary>Stays: it is the newest of a machine that still exists.</summary>
    LastOfPresentMachine,

    /// <summary>Stays: one of the newest.</summary>
    KeepLast,

    /// <summary>Stays: the newest of its hour.</summary>
    KeepHourly,

    /// <summary>Stays: the newest of its day.</summary>
    KeepDaily,

    /// <summary>Stays: the newest of its week.</summary>
    KeepWeekly,

    /// <summary>Stays: the newest of its month.</summary>
    KeepMonthly,

    /// <summary>Stays: the newest of its year.</summary>
    KeepYearly,

    /// <summary>Stays: within the bounds of the rule.</summary>
    WithinBounds,

    /// <summary>Stays: the rule removes nothing of its kind.</summary>
    NoBound,

    /// <summary>Goes: a user marked it.</summary>
    Marked,

    /// <summary>Goes: enough newer ones of its kind exist.</summary>
    TooMany,

    /// <summary>Goes: older than the rule allows.</summary>
    TooOld,

    /// <summary>Goes: no slot of the rule has it.</summary>
    NoSlot,
}
