using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;

namespace VProtect.Server.Scheduling;

/// <summary>A schedule that was found valid and can be asked for its times. Immutable; made by <see cref="ScheduleValidation"/>.</summary>
internal sealed record ScheduleModel
{
    /// <summary>Identity.</summary>
    public required Guid Guid { get; init; }

    /// <summary>Name shown to people.</summary>
    public required string Name { get; init; }

    /// <summary>What it starts.</summary>
    public required ScheduleType Type { get; init; }

    /// <summary>How much backups read.</summary>
    public required BackupType BackupType { get; init; }

    /// <summary>Whether it runs.</summary>
    public required bool Active { get; init; }

    /// <summary>How long after its time a run may still begin; null without end.</summary>
    public required TimeSpan? StartWindow { get; init; }

    /// <summary>Its times.</summary>
    public required Timetable Times { get; init; }

    /// <summary>The next occurrences, for calendars; none when it is not active.</summary>
    /// <param name="after">They lie after this.</param>
    /// <param name="count">At most so many.</param>
    public IReadOnlyList<DateTimeOffset> NextOccurrences(DateTimeOffset after, int count) =>
        Active ? [.. Times.After(after).Take(count)] : [];

    /// <summary>The last instant at which the run of an occurrence may begin; null any.</summary>
    public DateTimeOffset? WindowEnd(DateTimeOffset occurrence) => occurrence + StartWindow;
}
