namespace VProtect.Abstractions.Nodes;

/// <summary>Which appliance this is. Every recovery is another life of it: of two that run with one guid, the one with the later life is the appliance, and of two with the same life the one that left a copy first.</summary>
/// <param name="Guid">Identity, the same for ever.</param>
/// <param name="Life">1 for the first.</param>
/// <param name="Name">For people: the name of the machine that it runs on.</param>
/// <param name="Mark">What tells this life from another that began as the same one, of a recovery at the same time: 16 hex digits; null for the first life.</param>
public sealed record ApplianceIdentity(Guid Guid, long Life, string Name, string? Mark = null);
