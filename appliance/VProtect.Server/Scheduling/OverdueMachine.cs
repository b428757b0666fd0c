namespace VProtect.Server.Scheduling;

/// <summary>A machine whose next good backup should exist.</summary>
/// <param name="MachineGuid">Machine.</param>
/// <param name="Overdue">For how long; zero or more.</param>
internal sealed record OverdueMachine(Guid MachineGuid, TimeSpan Overdue);
