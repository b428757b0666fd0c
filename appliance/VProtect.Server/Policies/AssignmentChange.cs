namespace VProtect.Server.Policies;

/// <summary>What automatic assignment does to one machine.</summary>
/// <param name="MachineGuid">Machine.</param>
/// <param name="Leaves">Policies that it leaves.</param>
/// <param name="Joins">Policy that it joins; null none.</param>
internal sealed record AssignmentChange(Guid MachineGuid, IReadOnlyList<Guid> Leaves, Guid? Joins);
