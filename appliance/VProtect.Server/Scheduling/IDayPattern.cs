namespace VProtect.Server.Scheduling;

/// <summary>On which days of the calendar a schedule runs. Implementations are immutable.</summary>
internal interface IDayPattern
{
    /// <summary>Whether it runs on that day.</summary>
    bool Includes(DateOnly day);
}
