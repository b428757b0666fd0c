namespace VProtect.Catalog.Access;

/// <summary>A permission that a user has.</summary>
/// <param name="Permission">As the server names it.</param>
/// <param name="ScopeKind">What it is limited to; null everything.</param>
/// <param name="ScopeValue">Which.</param>
public sealed record GrantedPermission(string Permission, string? ScopeKind, string? ScopeValue);
