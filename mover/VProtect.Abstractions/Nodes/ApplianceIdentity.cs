namespace VProtect.Abstractions.Nodes;

/// <summary>Which appliance this is. Every recovery is another life of it: of two that run with one guid, the one with the later life is the appliance.</summary>
/// <param name="Guid">Identity, the same for ever.</param>
/// <param name="Life">1 for the first.</param>
/// <param name="Name">For people: the name of the machine that it runs on.</param>
public sealed record ApplianceIdentity(Guid Guid, long Life, string Name);
