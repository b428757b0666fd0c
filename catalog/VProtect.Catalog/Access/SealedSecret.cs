namespace VProtect.Catalog.Access;

/// <summary>A secret that a row holds, sealed.</summary>
/// <param name="Table">Table of the row.</param>
/// <param name="Column">Column that holds it.</param>
/// <param name="Guid">The row.</param>
/// <param name="Sealed">Sealed bytes.</param>
public sealed record SealedSecret(string Table, string Column, Guid Guid, byte[] Sealed);
