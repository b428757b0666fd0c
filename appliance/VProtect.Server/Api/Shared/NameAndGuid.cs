namespace VProtect.Server.Api.Shared;

/// <summary>A reference to another object. In requests the guid alone is enough; the name is not looked at.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name shown to people.</param>
internal sealed record NameAndGuid(Guid Guid, string? Name = null);
